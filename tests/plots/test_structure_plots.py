"""The structure figure draws what was inspected: densities by layer, paths, nominal counts, empty layers, units."""

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import nn

from tombola.analysis import Structure, inspect_mask
from tombola.networks import layer_graph
from tombola.plots import encode_figure
from tombola.plots.kinds.structure import LEVELS, by_level, structure_figure
from tombola.plots.structure import active_unit_lines, layer_density_lines, survivors_per_unit
from tombola.plots.style import level_colour
from tombola.pruning import Mask
from tombola.store import JobId

MODULE = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Linear(3, 10))
GRAPH = layer_graph(MODULE, (1, 2, 2))


def network(first: int, last: int, job: JobId | None, *, graph: bool = True, nominal: int | None = None) -> Structure:
    keep = {"1.weight": torch.arange(12).view(3, 4) < first, "2.weight": torch.arange(30).view(10, 3) < last}
    told = None if nominal is None else {"1.weight": nominal, "2.weight": nominal}
    return inspect_mask(Mask(keep), GRAPH if graph else None, job=job, nominal=told)


def lines(axes: Axes, colour: str, style: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_color() == colour and line.get_linestyle() == style]


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def test_means_of_densities_paths_and_nominal_counts(axes: Axes) -> None:
    found = [network(6, 30, JobId(0, 1), nominal=9), network(12, 15, JobId(1, 1), nominal=12)]
    layer_density_lines(axes, by_level(found), depth=1)
    colour = level_colour(1, 1)
    for style, values in (("-", [0.75, 0.75]), ("--", [10.5 / 12, 10.5 / 30]), (":", [0.75, (20 + 15) / 60])):
        (line,) = lines(axes, colour, style)
        assert np.allclose(line.get_ydata(), values), style
    named = {str(line.get_label()) for line in axes.lines}
    assert {"effective", "on a path", "nominal"} <= named
    assert not any("nothing" in name for name in named)


def test_layers_without_survivors_or_paths_have_marks(axes: Axes) -> None:
    layer_density_lines(axes, by_level([network(12, 0, JobId(0, 2))]), depth=2)
    marks = {line.get_marker(): list(line.get_xdata()) for line in axes.lines if line.get_color() == level_colour(2, 2)}
    assert marks["x"] == [1]
    assert marks["v"] == [0]
    assert {"nothing remains", "nothing on a path"} <= {str(line.get_label()) for line in axes.lines}


def test_units_on_a_path_or_with_survivors(axes: Axes) -> None:
    active_unit_lines(axes, by_level([network(4, 30, None)]), depth=0)
    assert np.allclose(axes.lines[0].get_ydata(), [1 / 3, 1])
    assert axes.get_ylabel() == "Units on a path"
    other = Figure().subplots()
    active_unit_lines(other, by_level([network(5, 6, None, graph=False)]), depth=0)
    assert np.allclose(other.lines[0].get_ydata(), [2 / 3, 0.2])
    assert other.get_ylabel() == "Units with survivors"


def test_survivors_per_unit_are_those_of_all_replicates(axes: Axes) -> None:
    survivors_per_unit(axes, by_level([network(4, 30, JobId(0, 1)), network(12, 30, JobId(1, 1))]), depth=1)
    medians = [line.get_ydata()[0] for line in axes.lines]
    assert medians == [4, 3]
    ends = [collection.get_segments()[0][:, 1].tolist() for collection in axes.collections]
    assert ends[0] == [0, 4]


def test_figures_of_many_levels_of_one_ticket_and_of_controls_alone() -> None:
    many = structure_figure([network(12 - level, 30, JobId(0, level)) for level in range(10)], title="many")
    assert len(many.legends[-1].get_texts()) == LEVELS
    lone = structure_figure([network(6, 6, None)], title="lone")
    controls = structure_figure([network(6, 6, JobId(0, 1, "reinit"))], title="controls")
    for figure in (many, lone, controls):
        assert len(figure.axes) == 3
        assert encode_figure(figure, "png", dpi=40)
    both = structure_figure([network(6, 6, JobId(0, 1, "reinit")), network(12, 30, JobId(0, 1))], title="both")
    effective = lines(both.axes[0], level_colour(1, 1), "-")
    assert [list(line.get_ydata()) for line in effective] == [[1, 1]]

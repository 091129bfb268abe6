from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from tombola.analysis.material import NetworkView
from tombola.analysis.signs import distances, sign_table
from tombola.analysis.signs.pair_sets import all_pair_sets
from tombola.plots.analyses import Material, analyses
from tombola.plots.analyses.signs_boxes import distance_boxes
from tombola.plots.analyses.signs_grids import densities, pair_grids, short_names
from tombola.plots.saving import encode_figure

SIGNS = analyses["signs"]


def network(label: str, seed: int, condition: str, density: float = 0.4, **fields: Any) -> NetworkView:
    rng = np.random.default_rng(seed)
    shapes = {"conv": (6, 1, 3, 3), "hidden": (12, 96), "output": (4, 12)}
    weights = {
        name: (rng.normal(size=shape) * (rng.random(shape) < density)).astype(np.float32)
        for name, shape in shapes.items()
    }
    return replace(NetworkView.of_arrays(label, weights, condition=condition), **fields)


@pytest.fixture(scope="module")
def views() -> list[NetworkView]:
    return [
        network(f"{c}{k}", 10 * i + k, c, replicate=k) for i, c in enumerate(("run", "run, random")) for k in range(3)
    ]


def drawn(result: Any) -> dict[str, Figure]:
    return {name: figure for name, draw in SIGNS.figures.items() if (figure := draw(result)) is not None}


def test_every_figure_is_drawn_and_saved(views: list[NetworkView]) -> None:
    result = SIGNS.compute(Material(views, options={"splits": 3, "random": "run, random"}))
    figures = drawn(result)
    assert set(figures) == set(SIGNS.figures) - {"pruned", "trajectory", "flips"}
    for figure in figures.values():
        assert len(encode_figure(figure, "png", dpi=30)) > 1000
    assert result.summary == "verdicts"


def test_levels_and_flips_have_their_figures(views: list[NetworkView]) -> None:
    trained = [
        replace(
            view,
            level=view.replicate,
            replicate=i,
            condition=f"run, level {view.replicate}",
            stage="trained",
            begin=view.read,
        )
        for i, view in enumerate(views)
    ]
    result = SIGNS.compute(Material(trained, options={"splits": 0, "measures": ("w1",)}))
    figures = drawn(result)
    assert {"pruned", "trajectory", "flips"} <= set(figures)
    (axes,) = figures["pruned"].axes
    assert len(axes.containers) == 3
    for name in ("pruned", "trajectory", "flips"):
        encode_figure(figures[name], "svg")


def test_one_network_has_no_distances_to_draw(views: list[NetworkView]) -> None:
    assert set(drawn(SIGNS.compute(Material(views[:1])))) == {"densities", "pair_grids", "pair_grids_network", "dead"}


def test_networks_without_living_units_are_drawn_empty() -> None:
    dead = [network(f"d{k}", k, "c", density=0.0) for k in range(2)]
    result = SIGNS.compute(Material(dead, options={"splits": 2, "measures": ("w1", "mmd")}))
    for name in ("densities", "pair_grids", "distances"):
        encode_figure(SIGNS.figures[name](result), "png", dpi=30)


def test_pair_grid_holds_every_living_unit_once_per_cell(views: list[NetworkView]) -> None:
    table = sign_table(views)
    figure = Figure(layout="constrained")
    pair_grids(figure, table)
    living = table[(table.dead == "") & table.fan_out.notna()]
    _, grids, _ = figure.subfigs  # title, grids, legend
    for part, layer in zip(grids.subfigs, ("conv.weight", "hidden.weight"), strict=True):
        axes = np.array(part.axes).reshape(4, 4)
        points = [c for c in axes[3, 1].collections if isinstance(c, PathCollection)]
        assert sum(len(c.get_offsets()) for c in points) == (living.layer == layer).sum()
        np.testing.assert_allclose(
            np.sort(points[0].get_offsets()[:, 1]), np.sort(living[living.layer == layer].sign_rate_out)
        )
        assert not axes[1, 3].lines
        assert axes[0, 0].patches


def test_few_values_are_points_that_add_up_to_one(views: list[NetworkView]) -> None:
    figure = Figure(layout="constrained")
    densities(figure, sign_table(views))
    axes = np.array(figure.axes).reshape(4, 2)
    assert [text.get_text() for text in axes[0, 0].texts] == ["share"]
    for line in axes[0, 0].lines:
        assert np.sum(line.get_ydata()) == pytest.approx(1)


def test_boxes_hold_the_distances_of_their_pair_set(views: list[NetworkView]) -> None:
    found = distances(sign_table(views), ["w1"], splits=4)
    sets, figure = all_pair_sets(["run", "run, random"]), Figure(layout="constrained")
    distance_boxes(figure, found, sets, "w1")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == ["ticket", "random", "ticket and random"]
    matrices = found.cells["conv.weight", "prune_rate_in", "w1"]
    a, b = sets[2].pairs(found.conditions)
    medians = [
        line for line in axes.lines if len(set(np.round(line.get_xdata(), 9))) == 1 and len(line.get_xdata()) == 2
    ]
    assert any(line.get_xdata()[0] == pytest.approx(np.median(matrices.values[a, b])) for line in medians)
    floors = axes.lines[-1]
    assert floors.get_xdata()[2] == pytest.approx(matrices.floor_mean[a, b].mean())


def test_names_in_pictures() -> None:
    assert short_names(["lenet, level 1", "lenet, level 2"]) == {
        "lenet, level 1": "level 1",
        "lenet, level 2": "level 2",
    }
    assert short_names(["only"]) == {"only": "only"}
    assert len(short_names(["x" * 80])["x" * 80]) == 26

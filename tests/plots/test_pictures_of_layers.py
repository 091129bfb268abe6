"""Heat map, losses, histograms of survivors, and the ticket that emerges."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tombola.plots import (
    Weights,
    curve,
    density_heatmap,
    draw_emerging,
    emergence,
    layer_densities,
    loss_curves,
    pixel_counts,
    survivor_histogram,
)
from tombola.plots.emergence import BETWEEN, Emergence, Stage, kernel_sheet
from tombola.plots.weight_colours import weight_norm
from tombola.store import JobId

Make = Callable[..., Any]


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def layer(values: Any, name: str = "linear.0.weight") -> Weights:
    array = np.asarray(values, np.float64)
    return Weights(name, "conv" if array.ndim > 2 else "linear", array, int(np.isfinite(array).sum()))


def test_densities_per_layer_follow_the_published_rule(make_run: Make, axes: Axes) -> None:
    """reference/playground.md section 4: lenet level 3 [.5128 .512 .512 .729], whole network first."""
    run = make_run(levels=3)
    np.testing.assert_allclose(layer_densities(run)[:, 3], [0.5128, 0.512, 0.512, 0.729], atol=5e-5)
    density_heatmap(axes, run)
    np.testing.assert_allclose(np.asarray(axes.images[0].get_array()), layer_densities(run))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["whole network", "linear.0", "linear.2", "output"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "1", "2", "3"]
    assert "0.729" in [text.get_text() for text in axes.texts]


def test_absent_levels_are_not_empty_layers(make_run: Make, axes: Axes) -> None:
    density_heatmap(axes, make_run(levels=3, absent=lambda job: job.level == 2))
    shown = np.ma.filled(axes.images[0].get_array(), np.nan)  # type: ignore[call-overload]
    assert np.isnan(shown[:, 2]).all()
    assert np.isfinite(shown[:, [0, 1, 3]]).all()
    assert [text.get_text() for text in axes.texts].count("\N{EN DASH}") == 4


def test_losses_and_where_they_stop(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=2, quality=lambda job: (0.9, 4000 + 1000 * job.replicate))
    loss_curves(axes, run, 1)
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert set(lines) == {"Training-Loss", "Validation-Loss", "Early-Stopping Iteration"}
    for label, measure in (("Training-Loss", "train_loss"), ("Validation-Loss", "val_loss")):
        steps, values = curve(run, 1, measure)
        np.testing.assert_array_equal(lines[label].get_xdata(), steps)
        np.testing.assert_allclose(lines[label].get_ydata(), values.mean(0))
    assert lines["Early-Stopping Iteration"].get_xdata()[0] == 5000  # type: ignore[index]
    assert axes.get_title() == "density 0.8004"
    assert axes.get_ylim()[0] == 0


def test_a_failed_level_is_said(make_run: Make, axes: Axes) -> None:
    loss_curves(axes, make_run(levels=1, failed={JobId(r, 1): "NaN" for r in range(3)}), 1)
    assert "No training of this level" in axes.texts[0].get_text().replace("\n", " ")


def test_histograms_count_survivors_only(axes: Axes) -> None:
    values = np.random.default_rng(0).normal(size=(40, 30))
    pruned = np.where(np.abs(values) < 0.5, np.nan, values)
    survivor_histogram(axes, {0: layer(values), 2: layer(pruned)})
    counts = [patch.get_data().values.sum() for patch in axes.patches]  # type: ignore[attr-defined]
    assert counts == [1200, np.isfinite(pruned).sum()]
    edges = [patch.get_data().edges for patch in axes.patches]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(*edges)
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "1.0000",
        f"{np.isfinite(pruned).mean():.4f}",
    ]


def test_empty_layers_are_said(axes: Axes) -> None:
    survivor_histogram(axes, {1: layer(np.full((2, 2), np.nan))})
    assert "No weight remains" in axes.texts[0].get_text()


def test_pixel_counts_add_up_channels() -> None:
    values = np.ones((5, 12))
    values[:, 0] = np.nan
    values[:3, 11] = np.nan
    counts = pixel_counts(layer(values), (3, 2, 2))
    assert counts.tolist() == [[10, 15], [15, 12]]
    assert pixel_counts(layer(values), (1, 12))[0, 0] == 0


def test_kernel_sheets_hold_every_weight() -> None:
    values = np.random.default_rng(0).normal(size=(6, 3, 3, 3))
    values[values < -1] = np.nan
    sheet = kernel_sheet(layer(values), weight_norm(values))
    between = (sheet == BETWEEN).all(-1)
    assert (~between).sum() == values.size
    assert ((sheet[..., :3] == 0).all(-1) & ~between).sum() == np.isnan(values).sum()


def test_panels_are_thinned_and_say_so() -> None:
    stages = [Stage(level, 0.8**level, np.zeros((4, 4, 4)), "", 0.9) for level in range(20)]
    figure = Figure(layout="constrained")
    draw_emerging(figure, Emergence(stages, "What it is."), panels=7)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert len(titles) == 7
    assert titles[0].startswith("level 0,")
    assert titles[-1].startswith("level 19,")
    assert "7 of 20 levels" in figure.get_supxlabel().replace("\n", " ")


def test_no_stage_is_said(make_run: Make) -> None:
    figure = Figure()
    shown = emergence(make_run(levels=1), [0, 1])
    assert shown.stages == []
    draw_emerging(figure, shown)
    assert "are not in" in figure.axes[0].texts[0].get_text().replace("\n", " ")

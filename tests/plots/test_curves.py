from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tombola.errors import TombolaError
from tombola.plots import TYPES, curve, learning_curves, level_colour, thin
from tombola.store import JobId

Make = Callable[..., Any]


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def drawn(axes: Axes) -> dict[str, Line2D]:
    return {container.get_label(): container.lines[0] for container in axes.containers}


def test_lines_are_means_over_replicates_on_the_grid(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=1, total=450, every=100)
    learning_curves(axes, run, measure="val_loss")
    assert run.records.step.values.tolist() == [0, 100, 200, 300, 400, 450]
    expected = run.records.val_loss.sel(control="none", repetition=0, level=1).mean("replicate")
    line = drawn(axes)["0.8004"]
    assert line.get_xdata().tolist() == [100, 200, 300, 400]  # type: ignore[union-attr]
    np.testing.assert_allclose(line.get_ydata(), expected.values[1:5])


def test_repetitions_are_averaged_first_and_failed_jobs_left_out(make_run: Make) -> None:
    def quality(job: JobId) -> tuple[float, int]:
        return 0.5 + 0.1 * job.replicate + 0.01 * job.repetition, 200

    run = make_run(levels=1, controls=("reinit:2",), quality=quality, total=400, every=100, failed={JobId(2, 1): "NaN"})
    _, controls = curve(run, 1, "test_accuracy", control="reinit")
    np.testing.assert_allclose(controls[:, 1], [0.505, 0.605, 0.705])
    steps, tickets = curve(run, 1, "test_accuracy")
    assert steps.tolist() == [100, 200, 300, 400]
    np.testing.assert_allclose(tickets[:, 1], [0.5, 0.6, np.nan])


@pytest.mark.parametrize("measure", list(TYPES))
def test_conventions_of_the_reference(make_run: Make, axes: Axes, measure: str) -> None:
    """reference/playground.md section 10: names, dense dashed, tickets solid, controls dotted, 4 decimals."""
    learning_curves(axes, make_run(levels=2), measure=measure)
    lines = drawn(axes)
    assert list(lines) == ["1.0000", "0.8004", "0.8004 reinit", "0.6406", "0.6406 reinit"]
    assert [line.get_linestyle() for line in lines.values()] == ["--", "-", ":", "-", ":"]
    assert lines["0.6406"].get_color() == lines["0.6406 reinit"].get_color() != lines["0.8004"].get_color()
    assert axes.get_title() == f"Average {TYPES[measure]}"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Iteration", TYPES[measure])
    assert (axes.get_ylim()[0] == 0) == measure.endswith("loss")
    assert axes.get_legend() is not None


def test_subsets_keep_colours_labels_and_windows(make_run: Make) -> None:
    run = make_run(levels=4)
    everything, some = Figure().subplots(1, 2)
    learning_curves(everything, run)
    learning_curves(some, run, [0, 2, 4], controls=(), first=3)
    whole, part = drawn(everything), drawn(some)
    assert len(part) == 3
    for label, line in part.items():
        assert line.get_color() == whole[label].get_color()
        np.testing.assert_array_equal(line.get_ydata(), whole[label].get_ydata()[:3])  # type: ignore[index]


def test_error_bars_are_extremes_on_every_fifth_point(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=0, controls=(), total=20_000, every=1000)
    learning_curves(axes, run)
    (container,) = axes.containers
    segments = container.lines[2][0].get_segments()
    assert [segment[0, 0] for segment in segments if len(segment)] == [1000, 6000, 11000, 16000]
    values = run.records.val_accuracy.sel(control="none", repetition=0, level=0, record=6)
    np.testing.assert_allclose(segments[1][:, 1], [values.min(), values.max()])


def test_thinning_keeps_ends_and_values(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=0, controls=(), total=50_000, every=100)
    learning_curves(axes, run, points=20)
    line = drawn(axes)["1.0000"]
    steps, values = curve(run, 0, "val_accuracy")
    x = np.asarray(line.get_xdata())
    assert len(x) == 20
    assert (x[0], x[-1]) == (100, 50_000)
    np.testing.assert_allclose(line.get_ydata(), values.mean(0)[np.searchsorted(steps, x)])
    assert thin(5, 1).tolist() == [0, 4]


def test_palette_is_ordered_and_told_apart() -> None:
    """Lightness rises with the level, so the order survives grey-scale print and colour blindness."""
    light = [np.dot(to_rgb(level_colour(level, 20)), [0.2126, 0.7152, 0.0722]) for level in range(1, 21)]
    assert (np.diff(light) > 0).all()
    assert len({level_colour(level, 20) for level in range(21)}) == 21
    assert level_colour(1, 1) == level_colour(1, 5)
    assert level_colour(0, 3) == level_colour(0, 30)
    assert to_hex(level_colour(3, 5)) == level_colour(3, 5)


@pytest.mark.parametrize(
    "options",
    [
        {"levels": 0},
        {"replicates": 1},
        {"controls": ()},
        {"total": 100, "every": 100},
        {"absent": lambda job: job.level > 1},
        {"absent": lambda job: True},
    ],
    ids=["dense only", "one replicate", "no control", "one record", "unfinished", "empty"],
)
@pytest.mark.parametrize("spread", ["minmax", "interval", None])
def test_degenerate_runs_are_drawn(make_run: Make, axes: Axes, options: dict[str, Any], spread: Any) -> None:
    run = make_run(**options)
    learning_curves(axes, run, spread=spread)
    done = run.early_stop_table().groupby(["control", "level"]).ngroups
    assert len(drawn(axes)) == done
    axes.figure.canvas.draw()


def test_several_controls_have_names_and_markers_of_their_own(make_run: Make, axes: Axes) -> None:
    """B4: every control of every level is drawn, the sparsest one too, and no two lines share a label."""
    run = make_run(levels=3, controls=("reinit:2", "shuffle:1"))
    learning_curves(axes, run)
    labels = [container.get_label() for container in axes.containers]
    assert len(labels) == len(set(labels)) == 1 + 3 * 3
    assert {"0.5128 reinit", "0.5128 shuffle"} <= set(labels)
    lines = drawn(axes)
    assert lines["0.5128 reinit"].get_color() == lines["0.5128 shuffle"].get_color() == lines["0.5128"].get_color()
    assert lines["0.5128 reinit"].get_marker() != lines["0.5128 shuffle"].get_marker()
    assert lines["0.5128"].get_marker() in ("", "None")


def test_runs_share_axes_in_one_call_or_in_two(make_run: Make) -> None:
    """No order traps: names, colours of levels and the reach of the axes are the same either way round."""
    one, two = make_run(name="one", levels=2), make_run(name="two", levels=4, controls=(), total=40_000)
    together, apart, reverse = Figure().subplots(1, 3)
    learning_curves(together, [one, two], measure="train_loss")
    for axes, order in ((apart, (one, two)), (reverse, (two, one))):
        for run in order:
            learning_curves(axes, run, measure="train_loss", depth=4)
    assert "one 0.8004 reinit" in drawn(together)
    assert drawn(together)["one 0.8004"].get_color() == drawn(together)["two 0.8004"].get_color()
    assert drawn(together)["one 0.8004"].get_marker() != drawn(together)["two 0.8004"].get_marker()
    for axes in (apart, reverse):
        labels = [container.get_label() for container in axes.containers]
        assert len(labels) == len(set(labels)) == 5 + 5
        np.testing.assert_allclose(axes.get_xlim(), together.get_xlim())
        np.testing.assert_allclose(axes.get_ylim(), together.get_ylim(), rtol=1e-6)
        assert axes.get_ylim()[0] == 0
        assert axes.get_xgridlines()[0].get_visible()


def test_zero_stays_pinned_and_nothing_is_cut_off(make_run: Make, axes: Axes) -> None:
    low, high = make_run(name="low", levels=0), make_run(name="high", levels=0, quality=lambda job: (0.9, 200))
    for run in (high, low):
        learning_curves(axes, run, measure="train_loss")
    bottom, top = axes.get_ylim()
    assert bottom == 0
    assert top > max(np.max(line.get_ydata()) for line in drawn(axes).values())  # type: ignore[arg-type]
    learning_curves(axes := Figure().subplots(), low, force_zero=True)
    assert axes.get_ylim()[0] == 0


def test_a_single_replicate_has_no_error_bars_and_a_single_record_is_seen(make_run: Make) -> None:
    one, short = Figure().subplots(1, 2)
    learning_curves(one, make_run(replicates=1, levels=0))
    assert not one.containers[0].lines[2]
    learning_curves(short, make_run(levels=0, total=100, every=100))
    assert drawn(short)["1.0000"].get_marker() == "."


def test_nothing_to_draw_is_said(make_run: Make, axes: Axes) -> None:
    learning_curves(axes, make_run(absent=lambda job: True))
    assert [text.get_text() for text in axes.texts] == ["No network is trained yet."]
    assert axes.get_legend() is None


def test_wrong_requests_are_refused(make_run: Make, axes: Axes) -> None:
    with pytest.raises(TombolaError, match=r"unknown measure 'val_acc'.*val_accuracy"):
        learning_curves(axes, make_run(), measure="val_acc")
    with pytest.raises(TombolaError, match="has no level 7; its levels go from 0 to 6"):
        learning_curves(axes, make_run(), [7])
    with pytest.raises(TombolaError, match="first = 0"):
        learning_curves(axes, make_run(), first=0)

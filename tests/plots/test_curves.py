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


def test_wrong_requests_are_refused(make_run: Make, axes: Axes) -> None:
    with pytest.raises(TombolaError, match=r"unknown measure 'val_acc'.*val_accuracy"):
        learning_curves(axes, make_run(), measure="val_acc")
    with pytest.raises(TombolaError, match="has no level 7; its levels go from 0 to 6"):
        learning_curves(axes, make_run(), [7])
    with pytest.raises(TombolaError, match="first = 0"):
        learning_curves(axes, make_run(), first=0)

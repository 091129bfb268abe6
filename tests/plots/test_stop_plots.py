from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tombola.analysis import mean_interval
from tombola.errors import TombolaError
from tombola.plots import accuracy_at_early_stop, early_stop_step, final_accuracy
from tombola.store import JobId

Make = Callable[..., Any]


def by_hand(job: JobId) -> tuple[float, int]:
    if job.control == "none":
        return 0.90 + 0.01 * job.replicate**2 - 0.01 * job.level, 5000 + 1000 * job.replicate - 1000 * job.level
    return 0.80 - 0.02 * job.level + 0.01 * job.repetition, 9000


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def drawn(axes: Axes) -> dict[str, Line2D]:
    """Data lines by legend label."""
    lines = {container.get_label(): container.lines[0] for container in axes.containers}
    return lines | {
        str(line.get_label()): line for line in axes.get_lines() if not str(line.get_label()).startswith("_")
    }


def bars(axes: Axes, label: str) -> np.ndarray:
    """Ends of the error bars (level, low/high) of one line."""
    (container,) = [c for c in axes.containers if c.get_label() == label]
    return np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])


def test_lines_hold_means_over_replicates_at_their_densities(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=2, controls=("reinit:2",), quality=by_hand)
    accuracy_at_early_stop(axes, run)
    lines = drawn(axes)
    assert set(lines) == {"synthetic", "synthetic reinit", "synthetic dense"}
    np.testing.assert_allclose(lines["synthetic"].get_xdata(), [1, 0.80038, 0.64066], atol=1e-4)
    np.testing.assert_allclose(lines["synthetic"].get_ydata(), np.array([0.90, 0.89, 0.88]) + 0.05 / 3)
    np.testing.assert_allclose(lines["synthetic reinit"].get_xdata(), [0.80038, 0.64066], atol=1e-4)
    np.testing.assert_allclose(lines["synthetic reinit"].get_ydata(), [0.785, 0.765])
    np.testing.assert_allclose(lines["synthetic dense"].get_ydata(), 0.90 + 0.05 / 3)


def test_conventions_of_the_reference(make_run: Make, axes: Axes) -> None:
    """reference/playground.md section 10: titles, marker, ticket solid, control dotted in its colour, grid, legend."""
    accuracy_at_early_stop(axes, make_run(levels=2))
    ticket, control, dense = (drawn(axes)[label] for label in ("synthetic", "synthetic reinit", "synthetic dense"))
    assert axes.get_title() == "Average Test-Accuracy at early-stop"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Density", "Test-Accuracy")
    assert [line.get_linestyle() for line in (ticket, control, dense)] == ["-", ":", "--"]
    assert ticket.get_marker() == "x"
    assert len({to_hex(line.get_color()) for line in (ticket, control, dense)}) == 1
    assert axes.get_legend() is not None
    assert axes.get_xgridlines()[0].get_visible()


def test_error_bars_are_extremes_or_intervals(make_run: Make) -> None:
    run = make_run(levels=1, quality=by_hand)
    values = [0.89, 0.90, 0.93]
    extremes, intervals = Figure().subplots(1, 2)
    accuracy_at_early_stop(extremes, run)
    np.testing.assert_allclose(bars(extremes, "synthetic")[1], [0.89, 0.93])
    accuracy_at_early_stop(intervals, run, spread="interval")
    expected = mean_interval(values)
    np.testing.assert_allclose(bars(intervals, "synthetic")[1], [expected.low, expected.high])


def test_stop_step(make_run: Make, axes: Axes) -> None:
    early_stop_step(axes, make_run(levels=2, quality=by_hand), label="")
    assert axes.get_title() == "Average Early-Stopping Iteration"
    assert axes.get_ylabel() == "Early-Stopping Iteration"
    assert drawn(axes)["ticket"].get_ydata().tolist() == [6000, 5000, 4000]  # type: ignore[union-attr]
    assert set(drawn(axes)) == {"ticket", "reinit", "dense"}


def test_runs_share_axes_in_any_order(make_run: Make) -> None:
    one, two = make_run(name="one"), make_run(name="two", levels=2, controls=())
    for order in ((one, two), (two, one)):
        axes = Figure().subplots()
        for run in order:
            accuracy_at_early_stop(axes, run)
        lines = drawn(axes)
        assert to_hex(lines["one"].get_color()) == to_hex(lines["one reinit"].get_color())
        assert to_hex(lines["one"].get_color()) != to_hex(lines["two"].get_color())
        left, right = axes.get_xlim()
        assert left > right
        assert len(lines["one"].get_ydata()) == 7  # type: ignore[arg-type]


def test_several_runs_in_one_call(make_run: Make, axes: Axes) -> None:
    one, two = make_run(name="one"), make_run(name="two", levels=2, controls=("reinit:1", "own:1"))
    accuracy_at_early_stop(axes, [one, two], controls=["own"])
    assert set(drawn(axes)) == {"one", "one dense", "two", "two own", "two dense"}
    accuracy_at_early_stop(axes := Figure().subplots(), [one, make_run(name="one")], levels=[0, 2], controls=())
    assert len(set(drawn(axes))) == 4, "equal names are told apart"
    with pytest.raises(TombolaError, match="3 labels for 2 runs"):
        accuracy_at_early_stop(axes, [one, two], label=["a", "b", "c"])


def test_final_accuracy_is_that_of_the_last_step(make_run: Make, axes: Axes) -> None:
    run = make_run(levels=2, total=20_000, every=1000)
    final_accuracy(axes, run, measure="val_accuracy")
    expected = run.records.val_accuracy.sel(control="none", repetition=0).isel(record=-1).mean("replicate")
    np.testing.assert_allclose(drawn(axes)["synthetic"].get_ydata(), expected.values)
    assert axes.get_title() == "Average Validation-Accuracy after the last step"


def test_one_control_level(make_run: Make, axes: Axes) -> None:
    """B6: a single control level is drawn."""
    accuracy_at_early_stop(axes, make_run(levels=1))
    assert len(np.atleast_1d(drawn(axes)["synthetic reinit"].get_ydata())) == 1


def test_controls_without_tickets_have_their_own_densities(make_run: Make, axes: Axes) -> None:
    accuracy_at_early_stop(axes, make_run(levels=2, absent=lambda job: job.control == "none"))
    np.testing.assert_allclose(drawn(axes)["synthetic reinit"].get_xdata(), [0.80038, 0.64066], atol=1e-4)


def test_nothing_trained_is_said(make_run: Make, axes: Axes) -> None:
    failed = {JobId(r, 0): "the loss became NaN" for r in range(3)}
    accuracy_at_early_stop(axes, make_run(levels=0, failed=failed))
    assert "the loss became NaN" in axes.texts[0].get_text().replace("\n", " ")


def test_zero_can_be_pinned(make_run: Make, axes: Axes) -> None:
    early_stop_step(axes, make_run(), force_zero=True)
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > 4000


def test_failed_jobs_are_left_out_of_means(make_run: Make, axes: Axes) -> None:
    accuracy_at_early_stop(axes, make_run(levels=1, quality=by_hand, failed={JobId(2, 1): "loss became NaN"}))
    np.testing.assert_allclose(drawn(axes)["synthetic"].get_ydata(), [0.90 + 0.05 / 3, 0.895])


@pytest.mark.parametrize(
    "options",
    [
        {"levels": 0},
        {"levels": 1},
        {"replicates": 1},
        {"controls": ()},
        {"absent": lambda job: job.level > 1},
        {"absent": lambda job: True},
    ],
    ids=["dense only", "one level", "one replicate", "no control", "unfinished", "empty"],
)
@pytest.mark.parametrize("spread", ["minmax", "interval"])
def test_degenerate_runs_are_drawn(make_run: Make, axes: Axes, options: dict[str, Any], spread: Any) -> None:
    run = make_run(**options)
    accuracy_at_early_stop(axes, run, spread=spread)
    early_stop_step(Figure().subplots(), run, spread=spread)
    levels = run.early_stop_table().query("control == 'none'").level.nunique()
    assert len(drawn(axes)["synthetic"].get_ydata()) == levels  # type: ignore[arg-type]
    axes.figure.canvas.draw()


def test_unknown_names_are_refused(make_run: Make, axes: Axes) -> None:
    with pytest.raises(TombolaError, match="unknown measure 'accuracy'"):
        accuracy_at_early_stop(axes, make_run(), measure="accuracy")
    with pytest.raises(TombolaError, match="has no control 'shuffle'"):
        accuracy_at_early_stop(axes, make_run(), controls=["shuffle"])
    with pytest.raises(TombolaError, match="has no level 9"):
        early_stop_step(axes, make_run(), levels=[9])

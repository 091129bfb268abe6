"""What networks reach, against density: accuracy at early stop and at the end, and the early-stop step itself."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from tombola.analysis.intervals import Spread
from tombola.plots.against_density import draw_against_density, finish
from tombola.plots.density import TICKS
from tombola.plots.style import STOP_STEP, type_name
from tombola.store import Run


def accuracy_at_early_stop(
    axes: Axes,
    runs: Run | Sequence[Run],
    *,
    measure: str = "test_accuracy",
    label: str | Sequence[str] | None = None,
    colour: str | None = None,
    control_colours: Sequence[str] = (),
    controls: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    spread: Spread | None = "minmax",
    ticks: int = TICKS,
    force_zero: bool = False,
) -> None:
    """Draw a measure at early stop against density: ticket solid, controls dotted, dense as a dashed line.

    Parameters
    ----------
    axes
        Where to draw. Several runs may share axes, in one call or several; each takes the next colour.
    runs
        One run or several. Means are over replicates, repetitions of a control averaged first.
    measure
        ``test_accuracy``, ``val_accuracy``, ``val_loss`` or ``train_loss``.
    label
        Name in the legend (one per run), by default the run's; controls append theirs. An empty text gives "ticket"
        and bare names.
    colour
        One colour for all lines of a single run; by default the next one of a fixed order.
    control_colours
        Colours for the controls instead, so that many controls of a single run can be told apart.
    controls, levels
        Which to draw; by default all.
    spread
        Error bars: ``"minmax"`` over replicates, the 95 % ``"interval"``, or None.
    ticks
        Ticks of the density axis.
    force_zero
        Pin the lower end of the y axis to 0.
    """
    name = type_name(measure)
    draw_against_density(axes, runs, measure, label, colour, control_colours, controls, levels, spread)
    finish(axes, runs, f"Average {name} at early-stop", name, ticks, force_zero)


def final_accuracy(
    axes: Axes,
    runs: Run | Sequence[Run],
    *,
    measure: str = "test_accuracy",
    label: str | Sequence[str] | None = None,
    colour: str | None = None,
    control_colours: Sequence[str] = (),
    controls: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    spread: Spread | None = "minmax",
    ticks: int = TICKS,
    force_zero: bool = False,
) -> None:
    """Draw a measure after the last step against density; parameters as in `accuracy_at_early_stop`."""
    name = type_name(measure)
    draw_against_density(axes, runs, f"final_{measure}", label, colour, control_colours, controls, levels, spread)
    finish(axes, runs, f"Average {name} after the last step", name, ticks, force_zero)


def early_stop_step(
    axes: Axes,
    runs: Run | Sequence[Run],
    *,
    label: str | Sequence[str] | None = None,
    colour: str | None = None,
    control_colours: Sequence[str] = (),
    controls: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    spread: Spread | None = "minmax",
    ticks: int = TICKS,
    force_zero: bool = False,
) -> None:
    """Draw the early-stop step against density; parameters as in `accuracy_at_early_stop`."""
    draw_against_density(axes, runs, "early_stop_step", label, colour, control_colours, controls, levels, spread)
    finish(axes, runs, f"Average {STOP_STEP}", STOP_STEP, ticks, force_zero)

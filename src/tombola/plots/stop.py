"""What networks reach at early stop, against density: test accuracy, and the early-stop step itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tombola.analysis import level_densities, mean_and_errors, replicate_values
from tombola.analysis.intervals import Spread
from tombola.plots.density import TICKS, density_axis
from tombola.plots.style import (
    CAP_SIZE,
    CONTROL_LINE,
    CONTROL_MARKERS,
    DENSE_LINE,
    STOP_STEP,
    TICKET_LINE,
    TICKET_MARKER,
    chosen_controls,
    chosen_levels,
    next_run_colour,
    type_name,
)
from tombola.store import Run
from tombola.store.folder import TICKET


def accuracy_at_early_stop(
    axes: Axes,
    run: Run,
    *,
    measure: str = "test_accuracy",
    label: str | None = None,
    colour: str | None = None,
    control_colours: Sequence[str] = (),
    controls: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    spread: Spread = "minmax",
    ticks: int = TICKS,
) -> None:
    """Draw a measure at early stop against density: ticket solid, controls dotted, dense as a dashed line.

    Parameters
    ----------
    axes
        Where to draw. Several runs may share axes; each call takes the next colour.
    run
        The run. Means are over replicates, repetitions of a control averaged first.
    measure
        ``test_accuracy``, ``val_accuracy``, ``val_loss`` or ``train_loss``.
    label
        Name in the legend, by default the run's; controls append theirs. An empty text gives "ticket" and bare names.
    colour
        One colour for all of the run's lines; by default the next one of a fixed order.
    control_colours
        Colours for the controls instead, so that many controls of a single run can be told apart.
    controls, levels
        Which to draw; by default all.
    spread
        Error bars: ``"minmax"`` over replicates, or the 95 % ``"interval"``.
    ticks
        Ticks of the density axis.
    """
    name = type_name(measure)
    _draw(axes, run, measure, label, colour, control_colours, controls, levels, spread)
    _finish(axes, f"Average {name} at early-stop", name, ticks)


def early_stop_step(
    axes: Axes,
    run: Run,
    *,
    label: str | None = None,
    colour: str | None = None,
    control_colours: Sequence[str] = (),
    controls: Sequence[str] | None = None,
    levels: Sequence[int] | None = None,
    spread: Spread = "minmax",
    ticks: int = TICKS,
) -> None:
    """Draw the early-stop step against density; parameters as in `accuracy_at_early_stop`."""
    _draw(axes, run, "early_stop_step", label, colour, control_colours, controls, levels, spread)
    _finish(axes, f"Average {STOP_STEP}", STOP_STEP, ticks)


def _finish(axes: Axes, title: str, name: str, ticks: int) -> None:
    density_axis(axes, ticks)
    axes.set_title(title)
    axes.set_ylabel(name)
    axes.legend()


def _draw(
    axes: Axes,
    run: Run,
    column: str,
    label: str | None,
    colour: str | None,
    control_colours: Sequence[str],
    controls: Sequence[str] | None,
    levels: Sequence[int] | None,
    spread: Spread,
) -> None:
    name = run.spec.name if label is None else label
    colour = colour or next_run_colour(axes)
    wanted = chosen_levels(run.spec, levels)
    densities, table = level_densities(run), run.early_stop_table()

    def series(control: str, colour: str, **style: Any) -> None:
        x = np.array([densities[level] for level in wanted])
        values = [replicate_values(table, column, level=level, control=control) for level in wanted]
        mean, below, above = mean_and_errors(_stack(values), spread)
        there = np.isfinite(x) & np.isfinite(mean)
        if control == TICKET or there.any():
            errors = np.stack([below, above])[:, there]
            axes.errorbar(x[there], mean[there], errors, color=colour, elinewidth=1, capsize=CAP_SIZE, **style)

    series(TICKET, colour, linestyle=TICKET_LINE, marker=TICKET_MARKER, label=name or "ticket")
    for i, control in enumerate(chosen_controls(run.spec, controls)):
        marker = CONTROL_MARKERS[i % len(CONTROL_MARKERS)]
        own = control_colours[i % len(control_colours)] if control_colours else colour
        style = {"linestyle": CONTROL_LINE, "marker": marker, "markersize": 4, "markerfacecolor": "white"}
        series(control, own, label=f"{name} {control}".strip(), **style)
    dense = list(replicate_values(table, column, level=0).values())
    if dense:
        line = axes.axhline(float(np.mean(dense)), linestyle=DENSE_LINE, linewidth=1, alpha=0.7, zorder=1.5)
        line.set(color=colour, label=f"{name} dense".strip())


def _stack(rows: list[dict[int, float]]) -> NDArray[np.float64]:
    """Return the values as (replicate, level), NaN where a replicate has none."""
    replicates = sorted(set().union(*rows)) or [0]
    values = [[row.get(r, np.nan) for row in rows] for r in replicates]
    return np.array(values, np.float64).reshape(len(replicates), len(rows))

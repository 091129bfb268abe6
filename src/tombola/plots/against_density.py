"""One column of a run's early-stop table against density: what all plots over densities have in common."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tombola.analysis import mean_and_errors, replicate_values
from tombola.analysis.intervals import Spread
from tombola.errors import TombolaError
from tombola.plots.choice import as_runs, known_densities, run_labels, shared_choice
from tombola.plots.curves import several_replicates
from tombola.plots.density import density_axis
from tombola.plots.statements import why_nothing
from tombola.plots.style import (
    CAP_SIZE,
    CONTROL_LINE,
    CONTROL_MARKERS,
    DENSE_LINE,
    TICKET_LINE,
    TICKET_MARKER,
    legend_entries,
    next_run_colour,
    pin_zero,
    say,
)
from tombola.store import Run
from tombola.store.folder import TICKET


def draw_against_density(
    axes: Axes,
    runs: Run | Sequence[Run],
    column: str,
    label: str | Sequence[str] | None,
    colour: str | None,
    control_colours: Sequence[str],
    controls: Sequence[str] | None,
    levels: Sequence[int] | None,
    spread: Spread | None,
) -> None:
    """Draw a column of `Run.early_stop_table`; parameters as in `tombola.plots.accuracy_at_early_stop`."""
    asked = as_runs(runs)
    names = run_labels(asked) if label is None else [label] if isinstance(label, str) else list(label)
    if len(names) != len(asked):
        raise TombolaError(f"{len(names)} labels for {len(asked)} runs; give one each, or none")
    chosen = shared_choice(asked, levels, controls)
    for run, name, (own_levels, own_controls) in zip(asked, names, chosen, strict=True):
        own = colour or next_run_colour(axes)
        _draw_run(axes, run, column, name, own, control_colours, own_controls, own_levels, spread)


def finish(axes: Axes, runs: Run | Sequence[Run], title: str, name: str, ticks: int, force_zero: bool) -> None:
    """Set up axes that hold everything they are going to hold for now; may be called again."""
    density_axis(axes, ticks)
    axes.set_title(title)
    axes.set_ylabel(name)
    if force_zero:
        pin_zero(axes)
    if not any(len(np.atleast_1d(line.get_xdata())) for line in axes.get_lines()):
        say(axes, why_nothing(as_runs(runs), name))
    axes.legend(*legend_entries(axes))


def _draw_run(
    axes: Axes,
    run: Run,
    column: str,
    name: str,
    colour: str,
    control_colours: Sequence[str],
    controls: Sequence[str],
    levels: Sequence[int],
    spread: Spread | None,
) -> None:
    densities, table = known_densities(run), run.early_stop_table()

    def series(control: str, colour: str, **style: Any) -> None:
        x = np.array([densities[level] for level in levels])
        values = [replicate_values(table, column, level=level, control=control) for level in levels]
        stacked = _stack(values)
        mean, below, above = mean_and_errors(stacked, spread or "minmax")
        there = np.isfinite(x) & np.isfinite(mean)
        if control == TICKET or there.any():
            errors = np.stack([below, above])[:, there] if spread and several_replicates(stacked) else None
            axes.errorbar(x[there], mean[there], errors, color=colour, elinewidth=1, capsize=CAP_SIZE, **style)

    series(TICKET, colour, linestyle=TICKET_LINE, marker=TICKET_MARKER, label=name or "ticket")
    for i, control in enumerate(controls):
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

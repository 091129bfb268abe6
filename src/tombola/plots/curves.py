"""Learning curves: a measure against optimiser steps, one line per level."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tombola.analysis import mean_and_errors
from tombola.analysis.intervals import Spread
from tombola.errors import TombolaError
from tombola.plots.choice import as_runs
from tombola.plots.series import Series, series_of
from tombola.plots.statements import why_nothing
from tombola.plots.style import CAP_SIZE, GRID, pin_zero, say, type_name
from tombola.store import Run
from tombola.store.folder import TICKET

BAR_EVERY = 5
BAR_WIDTH = 1.2
MARKER_SIZE = 4.0


def learning_curves(
    axes: Axes,
    runs: Run | Sequence[Run],
    levels: Sequence[int] | None = None,
    measure: str = "val_accuracy",
    *,
    controls: Sequence[str] | None = None,
    first: int | None = None,
    points: int | None = None,
    spread: Spread | None = "minmax",
    bar_every: int = BAR_EVERY,
    force_zero: bool | None = None,
    depth: int | None = None,
    legend: bool = True,
) -> list[Series]:
    """Draw mean learning curves: level 0 dashed, pruned levels solid, their controls dotted in the same colour.

    Only records on the grid are drawn; failed jobs are left out. Several runs, in one call or in several, share axes:
    the same level keeps its colour, and names and markers tell the runs apart.

    Parameters
    ----------
    axes
        Where to draw.
    runs
        One run or several; means are over replicates, repetitions of a control averaged first.
    levels
        Which levels, by default all. A subset keeps its colours and labels.
    measure
        ``train_loss``, ``val_loss``, ``val_accuracy`` or ``test_accuracy``.
    controls
        Which controls, by default all; ``()`` for none.
    first
        Only the first so many records.
    points
        At most so many points per line, evenly picked, ends included; by default all.
    spread
        Error bars: ``"minmax"`` over replicates, the 95 % ``"interval"``, or None.
    bar_every
        Points from one error bar, and one marker, to the next.
    force_zero
        Pin the lower end of the y axis to 0; by default for losses.
    depth
        Levels that colours are spread over, by default the deepest of these runs'.
    legend
        False leaves the legend to the caller.

    Returns
    -------
    list of Series
        The lines that were drawn; empty where a statement stands instead.
    """
    name, asked = type_name(measure), as_runs(runs)
    if first is not None and first < 1:
        raise TombolaError(f"first = {first}: a positive number of records is needed")
    lines = []
    for line in series_of(asked, levels, controls, axes=axes, depth=depth):
        steps, values = curve(line.run, line.level, measure, control=line.control, first=first)
        kept = thin(len(steps), points)
        if len(kept):
            lines.append(line)
            mean, below, above = mean_and_errors(values[:, kept], spread or "minmax")
            every = (min((line.level + 2 * line.order) % bar_every, len(kept) - 1), bar_every)
            drawn = axes.errorbar(
                steps[kept],
                mean,
                np.stack([below, above]) if spread and several_replicates(values) else None,
                errorevery=every,
                color=line.colour,
                linestyle=line.line,
                label=line.label,
                elinewidth=BAR_WIDTH,
                capsize=CAP_SIZE,
            )
            hollow = line.control != TICKET
            alone = "." if len(kept) == 1 else ""
            drawn.lines[0].set(marker=line.marker or alone, markevery=every, markersize=MARKER_SIZE)
            drawn.lines[0].set(markerfacecolor="white" if hollow else line.colour)
    axes.set_title(f"Average {name}")
    axes.set_xlabel("Iteration")
    axes.set_ylabel(name)
    axes.grid(True, **GRID)
    if force_zero or (force_zero is None and measure.endswith("loss")):
        pin_zero(axes)
    if not axes.containers:
        say(axes, why_nothing(asked, f"{name} at every record"))
    elif legend:
        axes.legend(title="Density")
    return lines


def curve(
    run: Run, level: int, measure: str, *, control: str = TICKET, first: int | None = None
) -> tuple[NDArray[np.int64], Float[np.ndarray, "replicate record"]]:
    """Return the steps and the values of one level's learning curves, one row per replicate.

    Grid records only, and only those that at least one job has (a rewound level starts late). Repetitions are averaged;
    jobs that failed or are absent are NaN.
    """
    job = run.records.sel(control=control, level=level).isel(record=run.records.on_grid.values)
    values = job[measure].where(job.status == "done").transpose("repetition", "replicate", "record").values
    known = np.isfinite(values)
    total, n = np.where(known, values, 0.0).sum(0), known.sum(0)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    there = (n > 0).any(0)
    return job.step.values[there][:first], mean[:, there][:, :first]


def several_replicates(values: Float[np.ndarray, "replicate point"]) -> bool:
    """Return whether there is anything that error bars could show."""
    return int(np.isfinite(values).any(-1).sum()) > 1


def thin(length: int, points: int | None) -> NDArray[np.int64]:
    """Return the indices of at most `points` of `length` entries, evenly spaced, first and last included.

    Examples
    --------
    >>> thin(9, 3).tolist(), thin(4, None).tolist()
    ([0, 4, 8], [0, 1, 2, 3])
    """
    if points is None or length <= points:
        return np.arange(length)
    return np.unique(np.linspace(0, length - 1, max(points, 2)).round().astype(np.int64))

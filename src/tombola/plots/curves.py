"""Learning curves: a measure against optimiser steps, one line per level."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tombola.analysis import level_densities, mean_and_errors
from tombola.analysis.intervals import Spread
from tombola.errors import TombolaError
from tombola.plots.style import (
    CAP_SIZE,
    CONTROL_LINE,
    DENSE_LINE,
    TICKET_LINE,
    chosen_controls,
    chosen_levels,
    level_colour,
    type_name,
)
from tombola.store import Run
from tombola.store.folder import TICKET

BAR_EVERY = 5
BAR_WIDTH = 1.2


def learning_curves(
    axes: Axes,
    run: Run,
    levels: Sequence[int] | None = None,
    measure: str = "val_accuracy",
    *,
    controls: Sequence[str] | None = None,
    first: int | None = None,
    points: int | None = None,
    spread: Spread | None = "minmax",
    bar_every: int = BAR_EVERY,
    force_zero: bool | None = None,
) -> None:
    """Draw mean learning curves: level 0 dashed, pruned levels solid, their controls dotted in the same colour.

    Only records on the grid are drawn; failed jobs are left out.

    Parameters
    ----------
    axes
        Where to draw.
    run
        The run; means are over replicates, repetitions of a control averaged first.
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
        Points from one error bar to the next.
    force_zero
        Pin the lower end of the y axis to 0; by default for losses.
    """
    name = type_name(measure)
    chosen, named = chosen_levels(run.spec, levels), chosen_controls(run.spec, controls)
    if first is not None and first < 1:
        raise TombolaError(f"first = {first}: a positive number of records is needed")
    densities = level_densities(run)
    for level in chosen:
        for control in (TICKET, *(named if level > 0 else ())):
            steps, values = curve(run, level, measure, control=control, first=first)
            kept = thin(len(steps), points)
            if len(kept):
                mean, below, above = mean_and_errors(values[:, kept], spread or "minmax")
                axes.errorbar(
                    steps[kept],
                    mean,
                    np.stack([below, above]) if spread else None,
                    errorevery=(min(level % bar_every, len(kept) - 1), bar_every),
                    color=level_colour(level, run.spec.prune.levels),
                    linestyle=DENSE_LINE if level == 0 else TICKET_LINE if control == TICKET else CONTROL_LINE,
                    label=f"{densities[level]:.4f}" + ("" if control == TICKET else f" {control}"),
                    elinewidth=BAR_WIDTH,
                    capsize=CAP_SIZE,
                )
    axes.set_title(f"Average {name}")
    axes.set_xlabel("Iteration")
    axes.set_ylabel(name)
    axes.grid(True, linewidth=0.6, alpha=0.35)
    if force_zero or (force_zero is None and measure.endswith("loss")):
        axes.set_ylim(bottom=0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(title="Density")


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

"""Training compared: accuracy against epochs, one panel per data set, and the saw-tooth of iterative pruning."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tombola.analysis.signs.training import MEASURE, curves
from tombola.plots.analyses.signs_grids import condition_colours
from tombola.plots.style import DENSE_COLOUR, GRID, level_colour, say, type_name
from tombola.store import Run

WIDTH = 3.9


def training_curves(figure: Figure, table: pd.DataFrame, measure: str = MEASURE, time: str = "epoch") -> None:
    """Draw a measure against time, one panel per data set: mean over replicates with its 95 % interval as a band.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    table
        A table of training (`tombola.analysis.signs.training`).
    measure, time
        Its columns.
    """
    means = curves(table, measure, time)
    data = list(dict.fromkeys(means.data))
    figure.set_size_inches(max(5.0, WIDTH * len(data)), 4.0)
    axes = figure.subplots(1, len(data), squeeze=False, sharey=True)[0]
    colours = condition_colours(means.network)
    for here, name in zip(axes, data, strict=True):
        for network, colour in colours.items():
            part = means[(means.data == name) & (means.network == network)].sort_values(time).dropna(subset="mean")
            if part.empty:
                continue
            marker = "o" if len(part) < 12 else None
            here.plot(part[time], part["mean"], color=colour, lw=1.3, marker=marker, ms=3, label=network)
            here.fill_between(part[time], part.low, part.high, color=colour, alpha=0.2, lw=0)
        here.set_title(f"{name} (n = {int(means[means.data == name].n.max())})")
        here.set_xlabel(time)
        here.grid(True, **GRID)
        if means[time].max() <= 20:
            here.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylabel(type_name(measure) if measure in ("val_loss", "val_accuracy", "test_accuracy") else measure)
    handles, labels = _entries(list(axes))
    figure.legend(handles, labels, loc="outside lower center", ncols=min(5, max(1, len(labels))))


def saw_tooth(axes: Axes, run: Run, measure: str = MEASURE, replicate: int | None = None) -> None:
    """Draw a measure over all trainings of a ticket in a row, level after level.

    Parameters
    ----------
    axes
        Where to draw.
    run
        The run.
    measure
        ``train_loss``, ``val_loss``, ``val_accuracy`` or ``test_accuracy``.
    replicate
        Which one; by default the mean over those that are done.
    """
    begin, drawn = 0, False
    for level in range(run.spec.prune.levels + 1):
        records = run.records.sel(level=level, control="none").isel(repetition=0)
        values = records[measure].where(records.status == "done").transpose("replicate", "record").to_pandas()
        line = pd.DataFrame(values).mean() if replicate is None else pd.DataFrame(values).loc[replicate]
        known = line.notna().to_numpy()
        if not known.any():
            continue
        steps = records.step.values[known]
        colour = DENSE_COLOUR if level == 0 else level_colour(level, run.spec.prune.levels)
        axes.plot(begin + steps, line[known], color=colour, lw=1.2)
        axes.axvline(begin + int(steps[-1]), color=DENSE_COLOUR, lw=0.5, alpha=0.3)
        axes.annotate(str(level), (begin + float(steps.mean()), 0.02), xycoords=("data", "axes fraction"), ha="center")
        begin, drawn = begin + int(steps[-1]), True
    axes.set_xlabel("iteration, over all levels")
    axes.set_ylabel(type_name(measure))
    axes.grid(True, **GRID)
    if not drawn:
        say(axes, f"{run.spec.name} has no {type_name(measure)} yet")


def _entries(axes: list[Axes]) -> tuple[list[Any], list[str]]:
    handles: list[Any] = []
    labels: list[str] = []
    for here in axes:
        for handle, label in zip(*here.get_legend_handles_labels(), strict=True):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    return handles, labels

"""Training compared: a measure against time, a panel per data set; and the saw-tooth of iterative pruning."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from tombola.analysis.intervals import Spread, mean_and_errors
from tombola.plots.statements import why_nothing
from tombola.plots.style import DENSE_COLOUR, DENSE_LINE, GRID, RUN_COLOURS, level_colour, say, type_name
from tombola.store import Run
from tombola.store.folder import TICKET

WIDTH, HEIGHT = 4.2, 3.6
MARKED = 13
"""Up to so many points of a line are marked."""
LINES = ("-", ":", "-.")
LETTERS_PER_INCH = 12
EPOCHS = 20
"""Up to so many epochs ticks are whole ones."""


def network_styles(networks: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return colour and line of every kind of network: dense ones dark and dashed, the others in order."""
    others = [name for name in networks if not name.startswith("dense")]
    styles = {name: (DENSE_COLOUR, DENSE_LINE) for name in networks if name.startswith("dense")}
    for i, name in enumerate(others):
        styles[name] = (RUN_COLOURS[i % len(RUN_COLOURS)], LINES[i // len(RUN_COLOURS) % len(LINES)])
    for i, name in enumerate(list(styles)[: len(networks) - len(others)][1:], start=1):
        styles[name] = (RUN_COLOURS[-1 - i % len(RUN_COLOURS)], DENSE_LINE)  # several dense ones: of several runs
    return styles


def draw_training(
    figure: Figure, course: pd.DataFrame, measure: str, time: str = "step", *, bands: bool = True
) -> None:
    """Draw means over replicates with their intervals as bands, a panel per data set, a colour per kind of network.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    course
        As from `tombola.analysis.training.mean_course`.
    measure, time
        What it is of.
    bands
        Whether to draw intervals.
    """
    data = list(dict.fromkeys(course.data))
    figure.set_size_inches(max(5.6, WIDTH * len(data)), HEIGHT + 0.5)
    grid = figure.subplots(1, len(data), squeeze=False, sharey=True)[0]
    styles = network_styles(list(dict.fromkeys(course.network)))
    for axes, name in zip(grid, data, strict=True):
        here = course[course.data == name]
        for network, (colour, line) in styles.items():
            part = here[here.network == network].sort_values(time)
            if part.empty:
                continue
            marker = "o" if len(part) <= MARKED else None
            axes.plot(part[time], part["mean"], color=colour, ls=line, lw=1.4, marker=marker, ms=3, label=network)
            if bands and part.low.notna().any():
                axes.fill_between(part[time], part.low, part.high, color=colour, alpha=0.15, lw=0)
        axes.set_title(f"{name} ({_counts(here)}{', bands: 95 % interval' if bands else ''})")
        axes.set_xlabel("epoch" if time == "epoch" else "iteration")
        _dress(axes, measure)
        if time == "epoch" and here[time].max() <= EPOCHS:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if "accuracy" in measure:
        low, high = grid[0].get_ylim()  # intervals of few replicates reach beyond what an accuracy can be
        grid[0].set_ylim(max(low, -0.02), min(high, 1.02))
    grid[0].set_ylabel(type_name(measure))
    _legend_below(figure, list(grid))


def draw_saw_tooth(
    axes: Axes,
    run: Run,
    measure: str = "val_accuracy",
    *,
    levels: Sequence[int] | None = None,
    replicate: int | None = None,
    spread: Spread | None = "minmax",
) -> None:
    """Draw a measure over all trainings of a ticket in a row, level after level, each in its colour.

    Parameters
    ----------
    axes
        Where.
    run
        The run.
    measure
        ``train_loss``, ``val_loss``, ``val_accuracy`` or ``test_accuracy``.
    levels
        Which, by default all.
    replicate
        Whose; by default the mean over those that are done, with a band.
    spread
        What the band reaches over.
    """
    depth, begin = run.spec.prune.levels, 0.0
    shown = range(depth + 1) if levels is None else sorted(levels)
    for level in shown:
        records = run.records.sel(level=level, control=TICKET).isel(repetition=0)
        values = records[measure].where(records.status == "done").transpose("replicate", "record").values
        values = values if replicate is None else values[replicate : replicate + 1]
        known = ~np.isnan(values).all(0)
        if not known.any():
            continue
        steps = records.step.values[known].astype(float)
        colour = level_colour(level, depth)
        mean, below, above = mean_and_errors(values[:, known], spread or "minmax")
        axes.plot(begin + steps, mean, color=colour, lw=1.3)
        if spread is not None and len(values) > 1:
            axes.fill_between(begin + steps, mean - below, mean + above, color=colour, alpha=0.2, lw=0)
        axes.axvline(begin + steps[-1], color=DENSE_COLOUR, lw=0.5, alpha=0.3)
        density = _density(run, level)
        axes.annotate(
            f"{density:.1%}" if density >= 0.01 else f"{100 * density:.2g}%",
            (begin + float(steps[0] + steps[-1]) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=colour,
            fontsize=7,
            annotation_clip=False,
        )
        begin += float(steps[-1])
    axes.set_xlabel("iteration, over all levels (density of each above)")
    axes.set_ylabel(type_name(measure))
    _dress(axes, measure)
    if not begin:
        say(axes, why_nothing([run], f"{type_name(measure)} of tickets at every record"))


def _density(run: Run, level: int) -> float:
    densities = run.density.sel(level=level).values
    return float(np.nanmean(densities)) if not np.isnan(densities).all() else float("nan")


def _counts(course: pd.DataFrame) -> str:
    counts = course.groupby("network", sort=False).n.max()
    low, high = int(counts.min()), int(counts.max())
    return f"n = {low}" if low == high else f"n = {low} to {high}"


def _dress(axes: Axes, measure: str) -> None:
    axes.grid(True, **GRID)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}" if x == round(x) else f"{x:g}"))
    if "accuracy" in measure:
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))


def _legend_below(figure: Figure, grid: Sequence[Axes]) -> None:
    found = {label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    if found:
        room = int(figure.get_figwidth() * LETTERS_PER_INCH)
        columns = max(1, min(len(found), room // (max(map(len, found)) + 6)))
        figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=columns)

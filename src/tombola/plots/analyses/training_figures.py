"""Figures of the analysis ``training``: differences to parents, the transfer matrix, saw-teeth."""

from typing import Any, cast

import matplotlib
import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tombola.plots.analyses.registry import Result
from tombola.plots.choice import run_labels
from tombola.plots.style import DENSE_COLOUR, GRID, RUN_COLOURS, type_name
from tombola.plots.training import draw_saw_tooth

INCHES = 0.34
SATURATED = 0.55
"""From this lightness on numbers in cells are dark."""


def parent_differences(result: Result) -> Figure | None:
    """Pruned networks minus their dense parents, paired, with 95 % intervals."""
    if "parents" not in result.tables:
        return None
    table, point, measure = result.tables["parents"], result.more["point"], result.more["measure"]
    chosen = table[table.point == point].reset_index(drop=True)
    if chosen.empty:
        return None
    data = list(dict.fromkeys(chosen.data))
    figure = Figure(figsize=(6.4, 1.5 + INCHES * len(chosen)), layout="constrained")
    axes = figure.subplots()
    scale = 100 if "accuracy" in measure else 1
    for row in cast(Any, chosen).itertuples():
        colour = RUN_COLOURS[data.index(str(row.data)) % len(RUN_COLOURS)]
        at = float(row.difference) * scale
        ends = np.array([[at - float(row.low) * scale], [float(row.high) * scale - at]])
        bars = None if np.isnan(ends).any() else np.maximum(ends, 0)
        axes.errorbar(at, int(row.Index), xerr=bars, fmt="o", ms=4, capsize=2, color=colour)
    axes.axvline(0, color=DENSE_COLOUR, lw=0.8, ls="--")
    several = len(data) > 1
    names = [f"{row.network} on {row.data}" if several else str(row.network) for row in chosen.itertuples()]
    axes.set_yticks(range(len(chosen)), [f"{name} (n = {n})" for name, n in zip(names, chosen.n, strict=True)])
    axes.set_ylim(len(chosen) - 0.5, -0.5)
    axes.grid(True, axis="x", **GRID)
    where = "at early stop" if point == "at_stop" else "after the last step"
    unit = " [percentage points]" if scale == 100 else ""
    axes.set_title(f"{type_name(measure)} {where}")
    axes.set_xlabel(f"minus its dense parent's{unit}")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:+g}" if x else "0"))
    return figure


def transfer_matrix(result: Result) -> Figure | None:
    """What networks reach on each data set; drawn where there are several data sets."""
    if "transfer" not in result.tables:
        return None
    table, measure = result.tables["transfer"], result.more["measure"]
    matrix = table.set_index("network")
    if matrix.shape[1] < 2:
        return None
    values = matrix.to_numpy(np.float64)
    figure = Figure(figsize=(3.4 + 1.0 * matrix.shape[1], 1.6 + 0.42 * len(matrix)), layout="constrained")
    axes = figure.subplots()
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="#e4e7eb")
    # each data set is a scale of its own: what is good on one is bad on another
    low, high = np.nanmin(values, 0, initial=np.inf), np.nanmax(values, 0, initial=-np.inf)
    spread = np.where(high > low, high - low, 1.0)
    shown = np.ma.masked_invalid((values - low) / spread)
    axes.imshow(shown, cmap=colours, norm=Normalize(0, 1), aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        red, green, blue, _ = colours(float(shown[row, column]))
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < SATURATED
        text = f"{100 * value:.1f}" if "accuracy" in measure else f"{value:.3g}"
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=9)
    axes.set_xticks(range(matrix.shape[1]), [str(name) for name in matrix.columns])
    axes.set_yticks(range(len(matrix)), [str(name) for name in matrix.index])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.xaxis.tick_top()
    unit = " [%]" if "accuracy" in measure else ""
    absent = "; grey: not trained" if np.isnan(values).any() else ""
    figure.suptitle(f"Mean {type_name(measure)}{unit} by training data\n(a colour scale per column{absent})")
    return figure


def saw_tooth(result: Result) -> Figure | None:
    """Validation accuracy over all trainings of tickets in a row, a panel per run."""
    runs = result.more["runs"]
    if not runs:
        return None
    depth = max(run.spec.prune.levels for run in runs)
    figure = Figure(figsize=(max(6.0, min(12.0, 1.2 * (depth + 1))), 3.2 * len(runs) + 0.2), layout="constrained")
    for axes, run, label in zip(
        figure.subplots(len(runs), 1, squeeze=False)[:, 0], runs, run_labels(runs), strict=True
    ):
        draw_saw_tooth(axes, run)
        axes.set_title(f"{label}: mean over replicates", pad=16)
    return figure

"""Whole figures of contribution scores: pair grids, scores against the signs of weights, clusters, agreement."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from tombola.analysis.signs.table import VARIABLES
from tombola.plots.analyses.clusters_figures import short
from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.unit_grid import (
    LABELS,
    MOST,
    SIZE,
    carried_grid,
    cluster_colours,
    left_out,
    side_by_side,
)
from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK, say

CURVE = "#d55e00"
WIDE = 100
"""Scores that differ by more than this factor are drawn on a log scale."""
ROW, EDGES = 2.5, {"top": 0.75, "bottom": 0.55}
"""Inches of a row of scores, and of what is above the first and below the last; fixed, for a layout solver is slow."""
WORDS = 4
"""Up to so many clusters bars have words."""


def pair_grids(result: Result) -> Figure | None:
    """Return a pair grid coloured by contribution for every layer (a row) and condition (a column)."""
    units = _units(result)
    if units is None:
        return None
    layers, conditions = list(dict.fromkeys(units.layer)), list(dict.fromkeys(units.condition))
    figure, parts = side_by_side(len(layers), conditions, 1.12 * SIZE, SIZE)
    for (row, column), part in np.ndenumerate(parts):
        here = units[(units.layer == layers[row]) & (units.condition == conditions[column])]
        carried_grid(part, here, title=f"{short(layers[row])}, {conditions[column]}")
    return figure


def score_grid(result: Result) -> Figure | None:
    """Return score against each variable with a LOWESS curve, and the density of scores; a row per condition."""
    units = _units(result)
    if units is None:
        return None
    conditions = list(dict.fromkeys(units.condition))
    rows = list(units[units.condition.isin(conditions[:MOST])].groupby(["layer", "condition"], sort=False))
    height = ROW * len(rows) + EDGES["top"] + EDGES["bottom"]
    figure = Figure(figsize=(14, height))
    places = {"top": 1 - EDGES["top"] / height, "bottom": EDGES["bottom"] / height, "hspace": 0.55, "wspace": 0.3}
    grid = figure.subplots(
        len(rows), len(VARIABLES) + 1, squeeze=False, gridspec_kw=places | {"left": 0.06, "right": 0.99}
    )
    if len(conditions) > MOST:
        figure.suptitle(left_out(conditions), x=0.01, y=1 - 0.1 / height, ha="left", va="top")
    for axes, ((layer, condition), part) in zip(grid, rows, strict=True):
        for here, variable in zip(axes, VARIABLES, strict=False):
            score_against(here, part[variable].to_numpy(np.float64), part.share.to_numpy(np.float64))
            here.set_xlabel(LABELS[variable])
        score_density(axes[-1], part.share.to_numpy(np.float64))
        axes[0].set_ylabel("share of contribution")
        axes[0].set_title(f"{short(layer)}, {condition}", loc="left")
    return figure


def score_against(axes: Axes, x: NDArray[np.float64], share: NDArray[np.float64]) -> None:
    """Draw scores against a variable as points, with a LOWESS curve where statsmodels is installed."""
    axes.scatter(x, share, s=4, lw=0, alpha=0.4, color=RUN_COLOURS[0], rasterized=True)
    axes.grid(**GRID)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    # a few units carry so much that the curve would lie on the axis otherwise
    top = float(np.quantile(share, 0.99)) if len(share) else 0.0
    axes.set_ylim(-0.03 * top if top > 0 else 0, 1.1 * top if top > 0 else 1)
    curve = lowess(x, share)
    if curve is not None:
        axes.plot(*curve.T, color=CURVE, lw=1.5)


def lowess(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return a locally weighted regression (Cleveland 1979) over two thirds of the points, ``(point, 2)``.

    None where statsmodels is not installed (extra ``analysis``), or points do not differ.
    """
    try:
        from statsmodels.nonparametric.smoothers_lowess import lowess as smooth
    except ImportError:
        return None
    if len(x) < 5 or np.ptp(x) < 1e-9:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):  # neighbours that all lie at one place have no line: NaN
        found: NDArray[np.float64] = smooth(y, x, frac=2 / 3, delta=0.01 * float(np.ptp(x)))
    return found[np.isfinite(found).all(1)]


def score_density(axes: Axes, share: NDArray[np.float64]) -> None:
    """Draw the density of scores above zero with a line at the 95th percentile of all."""
    above = share[share > 0]
    axes.set_xlabel("share of contribution")
    axes.set_yticks([])
    if len(above) < 3:
        say(axes, "fewer than three units contribute", 18)
        return
    low = max(float(above.min()), 1e-8)
    top = max(float(above.max()), 2 * low)
    wide = top > WIDE * low
    bins = np.geomspace(low, top, 40) if wide else np.linspace(0, top, 40)
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=5))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.hist(np.maximum(above, low), list(bins), histtype="stepfilled", color=RUN_COLOURS[0], alpha=0.35)
    line = float(np.percentile(share, 95))
    axes.axvline(line, color=CURVE, lw=1.2)
    axes.set_title(f"95 % lie below {line:.3g}; {np.sum(share == 0):,} are 0", fontsize=8, loc="right")


def carried(result: Result) -> Figure | None:
    """Return each cluster's share of units beside its share of contribution, a panel per layer and condition."""
    table = result.tables.get("clusters")
    if table is None or table.empty:
        return None
    panels = list(table.groupby(["layer", "condition"], sort=False))
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    most = int(table.groupby(["layer", "condition"]).size().max())
    width = max(2.6, 0.95 * min(most, WORDS), 0.35 * most)
    figure = Figure(figsize=(width * columns + 1.6, 2.8 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axes, ((layer, condition), part) in zip(grid, panels, strict=False):
        carried_bars(axes, part.sort_values("cluster"))
        axes.set_title(f"{short(layer)}\n{condition}", loc="left", fontsize="medium")
    for axes in grid[len(panels) :]:
        axes.axis("off")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper")
    return figure


def carried_bars(axes: Axes, part: pd.DataFrame) -> None:
    """Draw share of units (hollow) and of contribution (full, with its 95 % interval) of clusters."""
    x, colours = np.arange(len(part)), cluster_colours(part.cluster.to_list())
    shades = [colours[int(cluster)] for cluster in part.cluster]
    axes.bar(x - 0.2, part.ratio, 0.36, facecolor="none", edgecolor=shades, lw=1.4, label="of the units")
    axes.bar(x + 0.2, part["share"], 0.36, color=shades, label="of the contribution")
    ends = np.stack([part["share"] - part.share_low, part.share_high - part["share"]])
    axes.errorbar(x + 0.2, part["share"], np.maximum(np.nan_to_num(ends), 0), fmt="none", ecolor=SOFT_INK, elinewidth=1)
    words = zip(part.cluster, part.sign_rate_in_word, part.sign_rate_out_word, strict=True)
    names = [f"{cluster}\nin {sign_in}\nout {sign_out}" for cluster, sign_in, sign_out in words]
    axes.set_xticks(x, names if len(part) <= WORDS else [str(cluster) for cluster in part.cluster], fontsize=7)
    axes.set_xlabel("cluster")
    axes.set_ylim(0, 1)
    axes.grid(axis="y", **GRID)


def agreement(result: Result) -> Figure | None:
    """Return the rank agreement of every method with ablation, layer by layer, with 95 % intervals over networks."""
    table = result.tables["agreement"]
    if table.empty:
        return None
    conditions = list(dict.fromkeys(table.condition))
    layers, names = list(dict.fromkeys(table.layer)), list(dict.fromkeys(table.method))
    figure = Figure(figsize=(10, 0.6 + 1.9 * len(conditions) + 0.1 * len(layers)), layout="constrained")
    for axes, condition in zip(figure.subplots(len(conditions), 1, squeeze=False)[:, 0], conditions, strict=True):
        for number, name in enumerate(names):
            part = table[(table.condition == condition) & (table.method == name)].set_index("layer").reindex(layers)
            x = np.arange(len(layers)) + (number - (len(names) - 1) / 2) * 0.15
            low, high = part.low.clip(-1, 1), part.high.clip(-1, 1)
            ends = np.nan_to_num(np.stack([part.correlation - low, high - part.correlation]))
            colour = RUN_COLOURS[number % len(RUN_COLOURS)]
            axes.errorbar(x, part.correlation, np.maximum(ends, 0), fmt="o", ms=4, color=colour, label=name)
        axes.axhline(0, color=SOFT_INK, lw=0.8)
        axes.set_xticks(range(len(layers)), [short(layer) for layer in layers])
        axes.set_xlim(-0.5, len(layers) - 0.5)
        axes.set_ylim(-1.05, 1.05)
        axes.set_title(condition, loc="left")
        axes.set_ylabel("Spearman with ablation")
        axes.grid(axis="y", **GRID)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


def _units(result: Result) -> pd.DataFrame | None:
    """Return the living units with their shares by the first method; None where it has no shares."""
    units = result.tables["units"]
    units = units[(units.method == result.more["method"]) & (units.dead == "")].dropna(subset=["share", *VARIABLES])
    return units if len(units) else None

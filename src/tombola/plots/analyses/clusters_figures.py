"""Whole figures of clusters of units: pair grids, shares by level or condition, and what chose their number."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.unit_grid import SIZE, cluster_colours, clustered_grid, side_by_side
from tombola.plots.style import GRID, SOFT_INK


def pair_grids(result: Result) -> Figure:
    """Return a pair grid for every layer (a row) and clustering (a column)."""
    rows, quality = result.tables["units"], result.tables["quality"]
    layers = list(dict.fromkeys(quality.layer))
    groups = list(dict.fromkeys(quality.condition))
    figure, parts = side_by_side(len(layers), groups, SIZE, 1.08 * SIZE)
    for (row, column), part in np.ndenumerate(parts):
        here = rows[rows.layer == layers[row]]
        if groups[column] != "all":
            here = here[here.condition == groups[column]]
        clustered_grid(part, here, title=f"{short(layers[row])}, {named(groups[column])}")
    return figure


def shares(result: Result) -> Figure:
    """Return the share of units in each cluster: over levels where there are several, else by condition."""
    table = result.tables["shares"]
    layers = list(dict.fromkeys(table.layer))
    over_levels = table.level.nunique() > 1
    width = 5.0 if over_levels else max(3.6, 1.6 + 0.9 * table.condition.nunique())
    figure = Figure(figsize=(min(width * len(layers), 16) + 1.2, 3.6), layout="constrained")
    panels = figure.subplots(1, len(layers), squeeze=False, sharey=True)[0]
    for axes, layer in zip(panels, layers, strict=True):
        draw = share_lines if over_levels else share_bars
        draw(axes, table[table.layer == layer])
        axes.set_title(short(layer), loc="left")
        axes.set_ylim(0, 1)
    panels[0].set_ylabel("share of living units")
    handles = {
        str(label): handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(handles.values()), list(handles), title="cluster", loc="outside right upper")
    return figure


def share_lines(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the share of every cluster over levels, with 95 % intervals over networks; a style per set of networks."""
    families = table.assign(
        family=[_family(name, level) for name, level in zip(table.condition, table.level, strict=True)]
    )
    styles = dict(zip(dict.fromkeys(families.family), ("-", "--", ":", "-.") * 8, strict=False))
    colours = cluster_colours(sorted(table.cluster.unique()))
    for (family, number), part in families.groupby(["family", "cluster"], sort=False):
        part, cluster = part.sort_values("level"), int(str(number))
        label = str(cluster) if len(styles) == 1 else f"{cluster}, {family}"
        axes.plot(part.level, part.ratio, styles[family], color=colours[cluster], marker="o", ms=3, label=label)
        axes.fill_between(
            part.level, part.low.clip(0, 1), part.high.clip(0, 1), color=colours[cluster], alpha=0.15, lw=0
        )
    axes.set_xlabel("level")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(**GRID)


def share_bars(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the share of every cluster in each condition as bars, with 95 % intervals over networks."""
    conditions, clusters = list(dict.fromkeys(table.condition)), sorted(table.cluster.unique())
    colours, width = cluster_colours(clusters), 0.8 / len(clusters)
    for number, cluster in enumerate(clusters):
        part = table[table.cluster == cluster].set_index("condition").reindex(conditions)
        x = np.arange(len(conditions)) + (number - (len(clusters) - 1) / 2) * width
        axes.bar(x, part.ratio, 0.92 * width, color=colours[cluster], label=str(cluster))
        ends = np.stack([part.ratio - part.low.clip(0, 1), part.high.clip(0, 1) - part.ratio])
        axes.errorbar(x, part.ratio, np.nan_to_num(np.maximum(ends, 0)), fmt="none", ecolor=SOFT_INK, elinewidth=1)
    turned = max(map(len, conditions)) > 12
    axes.set_xticks(
        range(len(conditions)), conditions, rotation=25 if turned else 0, ha="right" if turned else "center"
    )
    axes.grid(axis="y", **GRID)


def choice(result: Result) -> Figure | None:
    """Return silhouette, gap and BIC over the number of clusters, a row per layer; the number taken is marked."""
    curves, quality = result.tables["choice"], result.tables["quality"]
    if curves.empty:
        return None
    layers = list(dict.fromkeys(curves.layer))
    figure = Figure(figsize=(10.5, 2.7 * len(layers) + 0.4), layout="constrained")
    for row, layer in zip(figure.subplots(len(layers), 3, squeeze=False, sharex=True), layers, strict=True):
        k = int(quality[quality.layer == layer].k.iloc[0])
        for axes, (measure, words) in zip(row, MEASURES.items(), strict=True):
            for number, (condition, part) in enumerate(curves[curves.layer == layer].groupby("condition", sort=False)):
                colour = cluster_colours([number])[number]
                axes.plot(part.k, part[measure], color=colour, marker="o", ms=3, label=named(str(condition)))
                if measure == "gap":
                    axes.errorbar(part.k, part.gap, part.gap_error, fmt="none", ecolor=colour, elinewidth=1)
            axes.axvline(k, color=SOFT_INK, lw=1, ls=":")
            axes.set_title(f"{short(layer)}: {words}", loc="left", fontsize="medium")
            axes.grid(**GRID)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlabel("clusters (dotted: taken)")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside right upper")
    return figure


MEASURES = {"silhouette": "silhouette (high)", "gap": "gap statistic (first peak)", "bic": "BIC (low)"}


def short(layer: object) -> str:
    """Return a layer's name without its parameter."""
    return str(layer).removesuffix(".weight")


def named(condition: str) -> str:
    """Return what a clustering is of."""
    return "all conditions" if condition == "all" else condition


def _family(condition: str, level: int) -> str:
    return condition.replace(f", level {level}", "")

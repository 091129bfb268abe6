"""Scores on given axes: a layer's histogram, kept and removed; statistics by layer."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from tombola.analysis.inspect_scores import ScoreMass
from tombola.analysis.layer_scores import LayerScores
from tombola.plots.style import GRID, RUN_COLOURS, level_colour, say

BINS = (15, 60)
MANY = 12
"""From so many layers on their names are small."""
WIDE = 10.0
"""Means that differ by more than this factor are drawn on a logarithmic axis."""
KEPT, REMOVED = RUN_COLOURS[0], RUN_COLOURS[1]


def score_histogram(axes: Axes, layer: LayerScores) -> None:
    """Draw how many weights have which score, those kept and those removed, on a logarithmic count axis.

    Parameters
    ----------
    axes
        Where.
    layer
        The layer; weights without a score (pruned before) are left out.
    """
    known = np.isfinite(layer.values)
    axes.set_title(
        f"{layer.name.removesuffix('.weight')}: {int((known & layer.kept).sum()):,} of {int(known.sum()):,} kept"
    )
    axes.set_xlabel("score")
    axes.set_ylabel("weights")
    axes.grid(True, **GRID)
    if not known.any():
        say(axes, "No weight of this layer has a score.")
        return
    values = layer.values[known]
    edges = np.histogram_bin_edges(values, int(np.clip(np.sqrt(values.size), *BINS)))
    for chosen, colour, label in ((~layer.kept, REMOVED, "removed"), (layer.kept, KEPT, "kept")):
        part = layer.values[known & chosen]
        if part.size:
            counts, _ = np.histogram(part, edges)
            axes.stairs(counts, edges, color=colour, alpha=0.35, fill=True, linewidth=0)
            axes.stairs(counts, edges, color=colour, linewidth=1.2, label=label)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)


QUANTITIES: Mapping[str, str] = {
    "abs_mean": "mean of absolute scores",
    "share": "share of all absolute scores",
    "spread": "sd of absolute scores / mean",
}


def score_lines(
    axes: Axes,
    levels: Mapping[int, list[Mapping[str, ScoreMass]]],
    quantity: str,
    depth: int,
    density: Mapping[int, str],
) -> None:
    """Draw one statistic of scores over the layers, a colour per level, a band over replicates.

    Parameters
    ----------
    axes
        Where.
    levels
        Level -> for each replicate, layer -> its scores summed up.
    quantity
        One of `QUANTITIES`.
    depth
        Levels that colours are spread over.
    density
        Level -> what it is called.
    """
    names = list(dict.fromkeys(name for found in levels.values() for each in found for name in each))
    drawn: list[float] = []
    for level, found in levels.items():
        values = np.array([[_value(each, name, quantity) for name in names] for each in found])
        known = ~np.isnan(values).all(0)
        if not known.any():
            continue
        places, part = np.flatnonzero(known), values[:, known]
        colour = level_colour(level, depth)
        axes.plot(places, np.nanmean(part, 0), color=colour, marker="o", ms=3, lw=1.2, label=density[level])
        if len(part) > 1:
            axes.fill_between(places, np.nanmin(part, 0), np.nanmax(part, 0), color=colour, alpha=0.15, lw=0)
        drawn += part[part > 0].tolist()
    shown = [name.removesuffix(".weight") for name in names]
    axes.set_xticks(range(len(names)), shown, rotation=90, fontsize=8 if len(names) < MANY else 6)
    axes.set_ylabel(QUANTITIES[quantity])
    axes.grid(True, **GRID)
    if quantity == "share":
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    if quantity == "abs_mean" and drawn and max(drawn) > WIDE * min(drawn):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)


def _value(found: Mapping[str, ScoreMass], name: str, quantity: str) -> float:
    mass = found.get(name)
    if mass is None:
        return float("nan")
    if quantity == "abs_mean":
        return mass.abs_mean
    if quantity == "share":
        total = sum(each.abs_sum for each in found.values())
        return mass.abs_sum / total if total else float("nan")
    return float(np.sqrt(max(mass.abs_variance, 0.0)) / mass.abs_mean) if mass.abs_mean else float("nan")

"""Histograms of a layer's surviving weights, one outline per level."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from tombola.plots.style import GRID, level_colour, say
from tombola.plots.weights import Weights

BINS = (15, 60)
"""Fewest and most bins; between, the square root of the survivors."""


def survivor_histogram(
    axes: Axes, levels: Mapping[int, Weights], *, depth: int | None = None, bins: int | None = None, legend: bool = True
) -> None:
    """Draw how many survivors have which value, on a logarithmic count axis, one outline per level.

    Parameters
    ----------
    axes
        Where to draw.
    levels
        Level -> the same layer's weights there.
    depth
        Levels that colours are spread over, by default the highest of these.
    bins
        Bins of equal width over all levels' survivors; by default as many as their number bears.
    legend
        False leaves the legend to the caller.
    """
    named = {layer.name for layer in levels.values()}
    values = {level: layer.survivors for level, layer in sorted(levels.items())}
    filled = [v for v in values.values() if v.size]
    axes.set_xlabel("weight")
    axes.set_ylabel("survivors")
    axes.set_title(", ".join(sorted(named)).removesuffix(".weight") if named else "Survivors", loc="left")
    axes.grid(True, **GRID)
    if not filled:
        say(axes, "No weight remains in this layer." if levels else "There are no weights to count.")
        return
    everything = np.concatenate(filled)
    most = max(len(v) for v in filled)
    edges = np.histogram_bin_edges(everything, bins or int(np.clip(math.sqrt(most), *BINS)))
    deepest = max(levels) if depth is None else depth
    for level, layer in sorted(levels.items()):
        counts, _ = np.histogram(values[level], edges)
        axes.stairs(
            counts,
            edges,
            color=level_colour(level, deepest),
            linestyle="--" if level == 0 else "-",
            linewidth=1.3,
            label=f"{layer.density:.4f}",
        )
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    if legend:
        axes.legend(title="Density of the layer")

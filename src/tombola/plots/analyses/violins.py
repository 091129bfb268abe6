"""Distributions side by side: a violin per layer and condition, and what chance gives as a dash."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK, say

Values = Float[NDArray[np.float64], " value"]

FEW = 5
"""Fewer different values than this are drawn as points: they have no density worth estimating."""
SPREAD = 0.8
"""Room that the conditions of one layer share, of the distance between layers."""
SLANTED = 0.055
"""Inches below the axes that a letter of a slanted name takes."""
INK = "#1c2027"


def violins(
    axes: Axes,
    layers: Sequence[str],
    values: Mapping[tuple[str, str], Values],
    conditions: Sequence[str],
    *,
    chance: Mapping[tuple[str, str], float] | None = None,
    log: bool = False,
) -> None:
    """Draw a violin per layer and condition, its median as a white dot, its mean as a line.

    Parameters
    ----------
    axes
        Where.
    layers, conditions
        Which, in order; a condition has the colour of its place.
    values
        (layer, condition) -> values; NaN are left out.
    chance
        (layer, condition) -> what a random layer of the same density would have: a dashed line.
    log
        Whether the scale is logarithmic; values of 0 and less are left out then.
    """
    width = SPREAD / max(len(conditions), 1)
    drawn = False
    for at, layer in enumerate(layers):
        for number, condition in enumerate(conditions):
            found = np.asarray(values.get((layer, condition), np.empty(0)), np.float64)
            found = found[np.isfinite(found) & ((found > 0) | (not log))]
            x = at + (number - (len(conditions) - 1) / 2) * width
            if len(found):
                drawn = True
                _violin(axes, x, found, width, colour_of(number), log)
            expected = (chance or {}).get((layer, condition), np.nan)
            if np.isfinite(expected):
                axes.hlines(expected, x - 0.42 * width, x + 0.42 * width, color=INK, linestyle=(0, (1.5, 1)), zorder=5)
    if log and drawn:
        axes.set_yscale("log")
    name_layers(axes, layers)
    axes.grid(True, axis="y", **GRID)
    if not drawn:
        say(axes, "no unit has a value here")


def colour_of(condition: int) -> str:
    """Return the colour of a condition by its place."""
    return RUN_COLOURS[condition % len(RUN_COLOURS)]


def name_layers(axes: Axes, layers: Sequence[str]) -> None:
    """Write layer names under the axes, at a slant where there is no room."""
    names, slant = _names(layers)
    axes.set_xticks(range(len(names)), names, rotation=50 if slant else 0, ha="right" if slant else "center")
    axes.set_xlim(-0.6, len(names) - 0.4)
    if slant:
        axes.tick_params(axis="x", labelsize="small")


def name_room(layers: Sequence[str]) -> float:
    """Return the inches that layer names take below the axes beyond what a line of text does."""
    names, slant = _names(layers)
    return SLANTED * max(map(len, names)) if slant else 0.0


def _names(layers: Sequence[str]) -> tuple[list[str], bool]:
    """Return what is written for layers, and whether at a slant."""
    names = [layer.removesuffix(".weight") for layer in layers]
    return names, sum(map(len, names)) > 46 or len(names) > 10


def _violin(axes: Axes, x: float, values: Values, width: float, colour: str, log: bool) -> None:
    different = len(np.unique(values))
    if different < FEW:
        points, counts = np.unique(values, return_counts=True)
        axes.scatter(
            np.full(len(points), x), points, 10 + 60 * counts / counts.max(), color=colour, alpha=0.6, zorder=3
        )
        return
    scaled = np.log10(values) if log else values
    shape = _density(scaled)
    edge = 0.46 * width * shape[1] / shape[1].max()
    y = 10 ** shape[0] if log else shape[0]
    axes.fill_betweenx(y, x - edge, x + edge, color=colour, alpha=0.45, linewidth=0)
    axes.plot(np.r_[x - edge, (x + edge)[::-1]], np.r_[y, y[::-1]], color=colour, linewidth=0.7)
    axes.hlines(values.mean(), x - 0.3 * width, x + 0.3 * width, color=colour, linewidth=1.6, zorder=3)
    axes.plot(x, np.median(values), "o", color=SOFT_INK, markerfacecolor="white", markersize=3.6, zorder=4)


def _density(values: Values) -> tuple[Values, Values]:
    """Return places and a density over them, within the range of the values."""
    from scipy.stats import gaussian_kde

    places = np.linspace(values.min(), values.max(), 100)
    return places, gaussian_kde(values)(places)

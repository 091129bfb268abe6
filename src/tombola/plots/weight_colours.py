"""Colours of weights: blue below zero, white at zero, red above, black where pruned."""

from typing import Final

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, TwoSlopeNorm

PRUNED: Final = "#000000"

_BLUES: Final = ("#1f5fa8", "#4a90c4", "#93c4de", "#d3e6f1")
_REDS: Final = ("#fcdccb", "#f2a27f", "#d65c4a", "#b01f2e")
WEIGHT_MAP: Final[Colormap] = LinearSegmentedColormap.from_list(
    "blue-white-red", (*_BLUES, "#ffffff", *_REDS), N=255
).with_extremes(bad=PRUNED)
"""Diverging, lightness falling evenly to both sides, told apart by colour-blind readers; its ends stay lighter than the
black of pruned weights. An odd number of colours makes zero exactly white."""

COUNT_MAP: Final[Colormap] = matplotlib.colormaps["cividis"].with_extremes(bad=PRUNED)
"""For counts and densities: lightness rises evenly, alike for all readers."""


def weight_norm(values: Float[np.ndarray, "..."]) -> Normalize:
    """Return the scale of a layer's colours, from its finite weights.

    White is at 0 where weights lie on both sides of it, or on it; where all have one sign the scale goes from the
    smallest to the largest. NaN is ignored, and a layer without survivors gets a scale it has no use for.

    Examples
    --------
    >>> norm = weight_norm(np.array([[-3.0, -2.0], [-1.0, 4.0]]))
    >>> norm.vmin, norm.vcenter, norm.vmax
    (-3.0, 0, 4.0)
    """
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low * high > 0 and low < high:
        return Normalize(low, high)
    reach = max(-low, high) or 1.0
    return TwoSlopeNorm(0, low if low < 0 else -reach, high if high > 0 else reach)


def weight_colours(values: Float[np.ndarray, "..."], norm: Normalize) -> Float[np.ndarray, "... 4"]:
    """Return the weights as RGBA in [0, 1], pruned ones black."""
    return np.asarray(WEIGHT_MAP(norm(np.ma.masked_invalid(values))))

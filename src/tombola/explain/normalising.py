"""Bringing maps to one scale, each by itself, and telling maps that say nothing."""

from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float

from tombola.errors import TombolaError, nearest

Normalise = Literal["none", "max", "minmax", "sum"]
MODES: Final[tuple[Normalise, ...]] = ("none", "max", "minmax", "sum")
FLAT: Final = 1e-6
"""Differences within a map that are smaller than this share of its largest value are rounding."""


def normalise_maps(maps: Float[np.ndarray, "n h w"], mode: str) -> Float[np.ndarray, "n h w"]:
    """Return maps on another scale, each by its own values: never by those of a batch.

    Parameters
    ----------
    maps
        Finite maps.
    mode
        ``none``; ``max``: divided by the largest absolute value; ``minmax``: smallest value 0, largest 1; ``sum``:
        divided by the sum of absolute values. What would be divided by zero becomes zero.

    Raises
    ------
    TombolaError
        If the mode is unknown.
    """
    if mode not in MODES:
        raise TombolaError(f"normalise = '{mode}'{nearest(mode, MODES)}")
    if mode == "none" or not len(maps):
        return maps
    values = maps.astype(np.float64)
    if mode == "minmax":
        values = values - values.min(axis=(1, 2), keepdims=True)
    size = np.abs(values)
    by = (size.sum if mode == "sum" else size.max)(axis=(1, 2), keepdims=True)
    scaled: Float[np.ndarray, "n h w"] = np.divide(values, by, out=np.zeros_like(values), where=by > 0)
    return scaled.astype(maps.dtype)


def degenerate_maps(maps: Float[np.ndarray, "n h w"]) -> Bool[np.ndarray, " n"]:
    """Return which maps are constant (all zero included): they prefer no part of the image to another."""
    spread = maps.max(axis=(1, 2)) - maps.min(axis=(1, 2))
    return np.asarray(spread <= FLAT * np.abs(maps).max(axis=(1, 2)))

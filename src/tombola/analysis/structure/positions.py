"""Where in a unit its survivors lie: distances between them along the input index (sparse-analysis reference, 7.7)."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

Rows = Bool[NDArray[np.bool_], "unit input"]
"""Which weights of each unit remain, inputs flattened as in ``state_dict()``."""


def rows_of(keep: Bool[NDArray[np.bool_], "unit ..."]) -> Rows:
    """Return a layer's mask with one row per unit."""
    return np.asarray(keep, bool).reshape(len(keep), -1)


def spans(rows: Rows) -> Int[NDArray[np.int64], " unit"]:
    """Return how far the last survivor of each unit is from its first; 0 with fewer than two."""
    inputs = rows.shape[1]
    if not inputs:
        return np.zeros(len(rows), np.int64)
    first, last = rows.argmax(1), inputs - 1 - rows[:, ::-1].argmax(1)
    return np.where(rows.any(1), last - first, 0)


def mean_gaps(rows: Rows) -> Float[NDArray[np.float64], " unit"]:
    """Return the mean distance between neighbouring survivors of each unit; NaN with fewer than two.

    1 means that all lie side by side; with density d it is about 1/d where survivors lie at random.
    """
    kept = rows.sum(1)
    return np.where(kept > 1, spans(rows) / np.maximum(kept - 1, 1), np.nan)


def weight_distances_sna2023(rows: Rows) -> Float[NDArray[np.float64], " unit"]:
    """Return the distances as published: cut to whole numbers, 0 for a single survivor, NaN for none.

    The published pictures show NaN as 0.
    """
    kept = rows.sum(1)
    return np.where(kept > 0, np.floor(spans(rows) / np.maximum(kept - 1, 1)), np.nan)


def relative_positions(rows: Rows) -> tuple[Int[NDArray[np.int64], " kept"], Float[NDArray[np.float64], " kept"]]:
    """Return the unit of each survivor and its place in the unit, from 0 (first input) to 1 (last)."""
    unit, place = np.nonzero(rows)
    return unit, place / max(rows.shape[1] - 1, 1)

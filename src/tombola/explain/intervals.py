"""Means over replicates and images, with intervals that allow for both being samples."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

DRAWS = 2000
CONFIDENCE = 0.95
SEED = 0


class Mean(NamedTuple):
    """A mean with its interval.

    Attributes
    ----------
    mean
        Over all values that are not missing; NaN without any.
    low, high
        Ends of the 95 % interval; NaN where there are fewer than two images.
    n
        Values it rests on.
    """

    mean: float
    low: float
    high: float
    n: int


def two_level(values: Float[np.ndarray, "replicate image"]) -> Mean:
    """Return the mean over replicates and images, with the percentile bootstrap over both.

    Replicates explain the same images, so every draw takes replicates with replacement, and images with replacement,
    and weights each value by the product. A single replicate says nothing about other trainings: its interval is over
    images alone. The seed is fixed, so that equal values give equal intervals.

    Parameters
    ----------
    values
        NaN counts as missing.
    """
    known = np.isfinite(values)
    n = int(known.sum())
    if not n:
        return Mean(np.nan, np.nan, np.nan, 0)
    present = np.where(known, values, 0.0)
    mean = float(present.sum() / n)
    if known.any(axis=0).sum() < 2:
        return Mean(mean, np.nan, np.nan, n)
    stream = np.random.default_rng(SEED)
    replicates, images = (stream.multinomial(size, np.full(size, 1 / size), DRAWS) for size in values.shape)
    count = np.einsum("dr,ri,di->d", replicates, known.astype(np.float64), images, optimize=True)
    total = np.einsum("dr,ri,di->d", replicates, present, images, optimize=True)
    means = total[count > 0] / count[count > 0]
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Mean(mean, float(low), float(high), n)

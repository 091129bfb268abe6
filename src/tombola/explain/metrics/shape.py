"""The shape of maps on their own grid: how much, how spread out, in how many pieces."""

from math import inf

import numpy as np
from jaxtyping import Float
from scipy.ndimage import label

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics
from tombola.explain.normalising import FLAT

HALF = 0.5
TOUCHING = np.ones((3, 3), dtype=np.int64)


def mean(case: Case) -> Float[np.ndarray, " n"]:
    """Mean of the map's cells, as the method gives them."""
    return np.asarray(case.maps.astype(np.float64).mean(axis=(1, 2)))


def variance(case: Case) -> Float[np.ndarray, " n"]:
    """Unbiased variance of the map's cells; missing for maps of one cell."""
    if case.maps[0].size < 2:
        return np.full(len(case), np.nan)
    return np.asarray(case.maps.astype(np.float64).var(axis=(1, 2), ddof=1))


def nonzero_cells(case: Case) -> Float[np.ndarray, " n"]:
    """Number of cells that are not 0, rounding aside (a millionth of the largest absolute value)."""
    size = np.abs(case.maps.astype(np.float64))
    return np.asarray((size > FLAT * size.max(axis=(1, 2), keepdims=True)).sum(axis=(1, 2)), dtype=np.float64)


def entropy(case: Case) -> Float[np.ndarray, " n"]:
    """Entropy of the map's positive values as shares, over that of a constant map: 1 is spread out, 0 a single cell.

    A map without positive values counts as constant.
    """
    shares = positive_shares(case)
    if shares.shape[1] < 2:
        return np.ones(len(case))
    bits = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0).sum(axis=1)
    return np.asarray(np.clip(-bits / np.log(shares.shape[1]), 0, 1))


def gini(case: Case) -> Float[np.ndarray, " n"]:
    """Gini index of the map's positive values: 0 for a constant map, near 1 for a single cell (Chalasani et al. 2020).

    A map without positive values counts as constant.
    """
    shares = np.sort(positive_shares(case), axis=1)
    count = shares.shape[1]
    weights = (count - np.arange(1, count + 1) + 0.5) / count
    return np.asarray(np.clip(1 - 2 * (shares * weights).sum(axis=1), 0, 1))


def components(case: Case) -> Float[np.ndarray, " n"]:
    """Number of connected pieces of at least half the largest value, corners touching; 0 without positive values."""
    peaks = case.maps.max(axis=(1, 2))
    pairs = zip(case.maps, peaks, strict=True)
    return np.array([float(label(values >= HALF * peak, TOUCHING)[1]) if peak > 0 else 0.0 for values, peak in pairs])


def positive_shares(case: Case) -> Float[np.ndarray, "n cells"]:
    """Return the positive values of maps, summing to 1 for each."""
    cells = np.maximum(case.maps.astype(np.float64), 0).reshape(len(case), -1)
    cells = np.where(cells.any(axis=1, keepdims=True), cells, 1.0)
    return np.asarray(cells / cells.sum(axis=1, keepdims=True))


metrics.register("mean")(Metric(mean, "shape", "neither", scale_free=False))
metrics.register("variance")(Metric(variance, "shape", "neither", 0, inf, scale_free=False))
metrics.register("nonzero-cells")(Metric(nonzero_cells, "shape", "neither", 0, inf))
metrics.register("entropy")(Metric(entropy, "shape", "neither", 0, 1))
metrics.register("gini")(Metric(gini, "shape", "neither", 0, 1))
metrics.register("components")(Metric(components, "shape", "neither", 0, inf))

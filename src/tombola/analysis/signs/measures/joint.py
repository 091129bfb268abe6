"""Measures between samples of rows: the four variables of a sign distribution together."""

import numpy as np
from numpy.typing import NDArray

from tombola.analysis.signs.measures.registry import Comparison, measures

Array = NDArray[np.float64]

BANDWIDTH = 1.0
"""Of the Gaussian kernel, in sds of the scaled variables."""
DIRECTIONS = 32
SEED = 0


@measures.whole_rows("mmd", upper=float(np.sqrt(2)))
def mmd(pooled: Array, scale: Array) -> Comparison:
    """Maximum mean discrepancy: Gaussian kernel with a bandwidth of one sd of each variable, V-statistic, rooted."""
    rows = pooled / scale
    squares = (rows**2).sum(1)
    apart = np.maximum(squares[:, None] + squares[None] - 2 * rows @ rows.T, 0.0)
    kernel = np.exp(-apart / (2 * BANDWIDTH**2))

    def compare(p: Array, q: Array) -> Array:
        difference = p - q
        squared: Array = (difference @ kernel * difference).sum(-1)
        return np.sqrt(np.maximum(squared, 0.0))

    return compare


@measures.whole_rows("sliced-w1")
def sliced_w1(pooled: Array, scale: Array) -> Comparison:
    """Mean first Wasserstein distance over 32 fixed directions (seed 0), in sds of the scaled variables."""
    drawn = np.random.default_rng(SEED).normal(size=(DIRECTIONS, pooled.shape[1]))
    directions = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    projected = directions @ (pooled / scale).T
    order = np.argsort(projected, axis=1, kind="stable")
    gaps = np.diff(np.take_along_axis(projected, order, 1), axis=1)

    def compare(p: Array, q: Array) -> Array:
        shape = np.broadcast_shapes(p.shape, q.shape)
        difference = np.ascontiguousarray(np.broadcast_to(p - q, shape).reshape(-1, shape[-1]).T)
        total = np.zeros(difference.shape[1])
        for ranks, steps in zip(order, gaps, strict=True):
            total += steps @ np.abs(np.cumsum(difference[ranks], axis=0))[:-1]
        mean: Array = total.reshape(shape[:-1]) / len(order)
        return mean

    return compare

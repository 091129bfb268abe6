"""Measures between samples of one variable by their distribution functions: no bins, no sample-size ceiling."""

import numpy as np
from numpy.typing import NDArray

from tombola.analysis.signs.measures.registry import measures

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@measures.distributions("w1")
def w1(v: Array, a: Counts, b: Counts) -> Array:
    """First Wasserstein distance, ∫ |F − G|, in units of the variable."""
    total: Array = (np.abs(_difference(a, b)[..., :-1]) * np.diff(v)).sum(-1)
    return total


@measures.distributions("ks", upper=1.0)
def ks(v: Array, a: Counts, b: Counts) -> Array:
    """Kolmogorov-Smirnov distance, sup |F − G|."""
    largest: Array = np.abs(_difference(a, b)).max(-1)
    return largest


@measures.distributions("energy")
def energy(v: Array, a: Counts, b: Counts) -> Array:
    """Energy distance, 2 E|A − B| − E|A − A′| − E|B − B′| = 2 ∫ (F − G)², in units of the variable."""
    total: Array = 2 * (_difference(a, b)[..., :-1] ** 2 * np.diff(v)).sum(-1)
    return total


def _difference(a: Counts, b: Counts) -> Array:
    difference: Array = np.cumsum(a, -1) / a.sum(-1, keepdims=True) - np.cumsum(b, -1) / b.sum(-1, keepdims=True)
    return difference

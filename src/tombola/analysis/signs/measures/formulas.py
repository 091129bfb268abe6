"""Formulas between relative frequencies p and q of the same support; all reduce the last axis.

Each takes ``times`` beside ``p`` and ``q`` of shape ``(k,)``: how often each pair (p, q) of frequencies occurs,
``(split, k)``. Thousands of random splits have few different pairs, and then cost next to nothing. None: once each.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Times = NDArray[np.float64] | None


def jensen_shannon(p: Array, q: Array, times: Times = None) -> Array:
    """½ KL(p‖m) + ½ KL(q‖m) with m their mean, in nats."""
    m = (p + q) / 2
    return np.maximum(_sum((_relative_entropy(p, m) + _relative_entropy(q, m)) / 2, times), 0.0)


def kullback_leibler(p: Array, q: Array, times: Times = None) -> Array:
    """Σ p log(p / q); infinite where q is 0 and p is not."""
    return np.maximum(_sum(_relative_entropy(p, q), times), 0.0)


def hellinger(p: Array, q: Array, times: Times = None) -> Array:
    """√(1 − Σ √(p q))."""
    return np.sqrt(np.maximum(1 - _sum(np.sqrt(p * q), times), 0.0))


def bhattacharyya(p: Array, q: Array, times: Times = None) -> Array:
    """−log Σ √(p q); infinite where the two share nothing."""
    with np.errstate(divide="ignore"):
        return np.maximum(-np.log(_sum(np.sqrt(p * q), times)), 0.0)


def half_sum(p: Array, q: Array, times: Times = None) -> Array:
    """½ Σ |p − q|."""
    return _sum(np.abs(p - q), times) / 2


def largest_difference(p: Array, q: Array, times: Times = None) -> Array:
    """Largest |p − q|."""
    apart = np.abs(p - q)
    largest: Array = apart.max(-1) if times is None else np.where(times > 0, apart, 0.0).max(-1)
    return largest


def chi_square(p: Array, q: Array, times: Times = None) -> Array:
    """½ Σ (p − q)² / (p + q)."""
    both = p + q
    terms = np.zeros(both.shape)
    np.divide((p - q) ** 2, both, out=terms, where=both > 0)
    return _sum(terms, times) / 2


def one_minus_correlation(p: Array, q: Array, times: Times = None) -> Array:
    """1 − Pearson r of p and q; NaN where either does not vary."""
    points = np.asarray(p.shape[-1] if times is None else times.sum(-1), np.float64)
    centre = 1 / points if times is None else np.mean(1 / points)  # frequencies sum to 1; near their mean, no digits go
    u, w = p - centre, q - centre
    mean_u, mean_w = (_sum(each, times) / points for each in (u, w))
    spread_u, spread_w = (_sum(each**2, times) - points * mean**2 for each, mean in ((u, mean_u), (w, mean_w)))
    together = _sum(u * w, times) - points * mean_u * mean_w
    varies = (spread_u > FLAT * _sum(p**2, times)) & (spread_w > FLAT * _sum(q**2, times))
    r = np.full(together.shape, np.nan)
    np.divide(together, np.sqrt(np.abs(spread_u * spread_w)), out=r, where=varies)
    distance: Array = 1 - np.clip(r, -1, 1)
    return distance


def one_minus_intersection(p: Array, q: Array, times: Times = None) -> Array:
    """1 − Σ min(p, q)."""
    return np.maximum(1 - _sum(np.minimum(p, q), times), 0.0)


FLAT = 1e-12
"""Share of the sum of squares below which frequencies count as all equal."""


def _sum(terms: Array, times: Times) -> Array:
    if times is None:
        total: Array = np.asarray(terms.sum(-1))
        return total
    finite = np.isfinite(terms)
    sums: Array = times @ np.where(finite, terms, 0.0)
    if not finite.all():  # infinite as soon as one occurs
        sums = np.where((times[:, ~finite] > 0).any(-1), np.inf, sums)
    return sums


def _relative_entropy(p: Array, q: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), 0.0)

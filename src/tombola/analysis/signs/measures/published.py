"""The measures as "LTHSignDistributions" (2024) computed them: frequencies of exactly equal values, nothing binned.

Rates of large layers hardly ever repeat exactly, so most of these sit near their ceiling and measure sample sizes
(reference: signs 3). They are here to repeat published numbers.
"""

import numpy as np
from numpy.typing import NDArray

from tombola.analysis.signs.measures import formulas
from tombola.analysis.signs.measures.formulas import Array, Times
from tombola.analysis.signs.measures.registry import measures

Counts = NDArray[np.int64]

PUBLISHED = ("jsd", "wsd", "hd", "tv", "chi2", "hc", "hi")
"""In the order of the published tables."""


@measures.frequencies("jsd-signs2024", "values", upper=float(np.log(2)))
def jsd(p: Array, q: Array, times: Times = None) -> Array:
    """Jensen-Shannon divergence over distinct values, in nats."""
    return formulas.jensen_shannon(p, q, times)


@measures.frequencies("hd-signs2024", "values", upper=1.0)
def hd(p: Array, q: Array, times: Times = None) -> Array:
    """Hellinger distance over distinct values."""
    return formulas.hellinger(p, q, times)


@measures.frequencies("tv-signs2024", "values", upper=1.0)
def tv(p: Array, q: Array, times: Times = None) -> Array:
    """Largest difference of the frequency of one value; published as total variation, which it is not."""
    return formulas.largest_difference(p, q, times)


@measures.frequencies("chi2-signs2024", "values", upper=1.0)
def chi2(p: Array, q: Array, times: Times = None) -> Array:
    """Symmetric chi-square distance over distinct values."""
    return formulas.chi_square(p, q, times)


@measures.frequencies("hc-signs2024", "values", upper=2.0)
def hc(p: Array, q: Array, times: Times = None) -> Array:
    """One minus the correlation of the frequencies of distinct values; NaN where either does not vary."""
    return formulas.one_minus_correlation(p, q, times)


@measures.frequencies("hi-signs2024", "values", upper=1.0)
def hi(p: Array, q: Array, times: Times = None) -> Array:
    """One minus the shared frequency of distinct values."""
    return formulas.one_minus_intersection(p, q, times)


@measures.distributions("wsd-signs2024", upper=1.0)
def wsd(v: Array, a: Counts, b: Counts) -> Array:
    """Wasserstein distance with its roles swapped: between frequencies, each weighted by the value it belongs to."""
    levels = [np.arange(counts.max() + 1) / counts.sum(-1).flat[0] for counts in (a, b)]
    order = np.argsort(np.concatenate(levels), kind="stable")
    gaps = np.diff(np.concatenate(levels)[order])
    signed = np.concatenate([_weight_at(v, a), -_weight_at(v, b)], -1)[..., order]
    total = v.sum()
    if total == 0:  # only zeros: undefined, as it was published
        return np.full(a.shape[:-1], np.nan)
    distance: Array = (np.abs(np.cumsum(signed, -1))[..., :-1] * gaps).sum(-1) / total
    return distance


def _weight_at(v: Array, counts: Counts) -> Array:
    """Return the summed values that occur 0, 1, 2 … times."""
    rows = counts.reshape(-1, counts.shape[-1])
    levels = int(counts.max()) + 1
    place = rows + levels * np.arange(len(rows))[:, None]
    weights = np.broadcast_to(v, rows.shape).ravel()
    summed = np.bincount(place.ravel(), weights, levels * len(rows))
    return summed.astype(np.float64).reshape(*counts.shape[:-1], levels)

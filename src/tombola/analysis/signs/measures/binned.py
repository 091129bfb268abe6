"""Measures between histograms on declared bins: 16 equal bins of [0, 1] unless asked otherwise."""

import numpy as np

from tombola.analysis.signs.measures import formulas
from tombola.analysis.signs.measures.formulas import Array, Times
from tombola.analysis.signs.measures.registry import measures


@measures.frequencies("jsd", "bins", upper=float(np.log(2)))
def jsd(p: Array, q: Array, times: Times = None) -> Array:
    """Jensen-Shannon divergence, in nats."""
    return formulas.jensen_shannon(p, q, times)


@measures.frequencies("kl", "bins", symmetric=False)
def kl(p: Array, q: Array, times: Times = None) -> Array:
    """Kullback-Leibler divergence of the second from the first, in nats; infinite where the second misses a bin."""
    return formulas.kullback_leibler(p, q, times)


@measures.frequencies("bhattacharyya", "bins")
def bhattacharyya(p: Array, q: Array, times: Times = None) -> Array:
    """Bhattacharyya distance; infinite where no bin is shared."""
    return formulas.bhattacharyya(p, q, times)


@measures.frequencies("hd", "bins", upper=1.0)
def hd(p: Array, q: Array, times: Times = None) -> Array:
    """Hellinger distance."""
    return formulas.hellinger(p, q, times)


@measures.frequencies("tv", "bins", upper=1.0)
def tv(p: Array, q: Array, times: Times = None) -> Array:
    """Total variation distance: half the summed differences."""
    return formulas.half_sum(p, q, times)


@measures.frequencies("chi2", "bins", upper=1.0)
def chi2(p: Array, q: Array, times: Times = None) -> Array:
    """Symmetric chi-square distance."""
    return formulas.chi_square(p, q, times)


@measures.frequencies("hc", "bins", upper=2.0)
def hc(p: Array, q: Array, times: Times = None) -> Array:
    """One minus the correlation of the histograms; NaN where one of them is flat."""
    return formulas.one_minus_correlation(p, q, times)


@measures.frequencies("hi", "bins", upper=1.0)
def hi(p: Array, q: Array, times: Times = None) -> Array:
    """One minus the histogram intersection (equal to the total variation distance)."""
    return formulas.one_minus_intersection(p, q, times)

"""Linear centred kernel alignment (Kornblith et al. 2019), as defined and debiased (Song et al. 2012)."""

import numpy as np

from tombola.analysis.features.moments import Moments


def linear_cka(moments: Moments, one: int, two: int) -> float:
    """Return linear CKA of two networks, in [0, 1]; NaN if one has no living units.

    It is biased upwards where units are many beside samples: use `debiased_cka` then.
    """
    cross, own, other = (moments.covariance(*pair) for pair in ((one, two), (one, one), (two, two)))
    scale = np.linalg.norm(own) * np.linalg.norm(other)
    return float(np.sum(cross**2) / scale) if scale > 0 else float("nan")


def debiased_cka(moments: Moments, one: int, two: int) -> float:
    """Return linear CKA from unbiased estimates of HSIC: about 0 for unrelated networks, however many units they have.

    It may be slightly negative. The estimate takes samples to be independent, which places of one image are not.

    Returns
    -------
    float
        NaN with fewer than four samples, or without living units.
    """
    if moments.count < 4:
        return float("nan")
    scale = _hsic(moments, one, one) * _hsic(moments, two, two)
    return _hsic(moments, one, two) / float(np.sqrt(scale)) if scale > 0 else float("nan")


def _hsic(moments: Moments, one: int, two: int) -> float:
    """Return the unbiased HSIC of linear kernels; from moments, without the kernels: samples squared are never held."""
    a, b, n = moments.units(one), moments.units(two), moments.count
    cross, x, y = moments.products[a, b], moments.total[a], moments.total[b]
    diagonals = moments.norms[one, two]
    both = (cross**2).sum() - diagonals
    each = [(moments.total[at] ** 2).sum() - moments.products[at, at].diagonal().sum() for at in (a, b)]
    rows = x @ cross @ y - x @ moments.leverages[a, two] - y @ moments.leverages[b, one] + diagonals
    found = both + each[0] * each[1] / ((n - 1) * (n - 2)) - 2 * rows / (n - 2)
    return float(found / (n * (n - 3)))

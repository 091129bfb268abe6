"""Canonical correlations between networks, and SVCCA (Raghu et al. 2017)."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.analysis.features.moments import Moments

VARIANCE = 0.99
"""Share of the variance that SVCCA keeps."""
RANK = 1e-9
"""Directions with less of the largest direction's variance count as none."""


def canonical_correlations(
    moments: Moments, one: int, two: int, *, variance: float = 1.0
) -> Float[NDArray[np.float64], " direction"]:
    """Return the canonical correlations of two networks' units, largest first.

    Parameters
    ----------
    moments
        Of a layer. With fewer samples than units all correlations are 1: use more images then.
    one, two
        The networks.
    variance
        Share of each network's variance that its leading directions keep; 1 keeps all.
    """
    first, second = (_whitening(moments.covariance(at, at), variance) for at in (one, two))
    if not first.size or not second.size:
        return np.empty(0)
    found = np.linalg.svd(first.T @ moments.covariance(one, two) @ second, compute_uv=False)
    return np.asarray(np.clip(found, 0, 1))


def mean_cca(moments: Moments, one: int, two: int) -> float:
    """Return the mean canonical correlation; NaN if one network has no living units."""
    return _mean(canonical_correlations(moments, one, two))


def svcca(moments: Moments, one: int, two: int, *, variance: float = VARIANCE) -> float:
    """Return the mean canonical correlation of the directions that hold 99 % of the variance."""
    return _mean(canonical_correlations(moments, one, two, variance=variance))


def _whitening(covariance: Float[NDArray[np.float64], "unit unit"], variance: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > RANK * max(float(values[0]), 0.0) if len(values) else np.zeros(0, bool)
    if variance < 1 and kept.any():
        before = np.cumsum(values) - values  # of the directions before each
        kept &= before < variance * values[kept].sum()
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")

"""How many clusters there are: silhouette, gap statistic and BIC over the number of clusters."""

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.clusters.methods import Clustering, Points, mixture
from tombola.errors import TombolaError, nearest

Criterion = Literal["silhouette", "gap", "bic"]

MOST: Final = 10
"""Clusters that are tried at most."""
FEWEST: Final = 10
"""Units per cluster that there must be on average."""
REFERENCES: Final = 10
"""Sets of uniform points that the gap statistic compares with."""
GAP_UNITS: Final = 500
SILHOUETTE_UNITS: Final = 4000
"""Above so many units a criterion is computed on a seeded sample of them."""


def k_curve(points: Points, method: Clustering, seed: int = 0, most: int = MOST) -> pd.DataFrame:
    """Return the criteria for 1 to `most` clusters: columns ``k, silhouette, gap, gap_error, bic``.

    The silhouette (Rousseeuw 1987) is not defined for one cluster. The gap (Tibshirani, Walther & Hastie 2001) is the
    log of the dispersion within clusters of uniform points in the same box, less that of these; both it and the
    silhouette belong to the clustering method. The BIC is that of a Gaussian mixture, whatever the method; lower is
    better.

    Parameters
    ----------
    points
        The units, unscaled; the method scales them.
    method
        How they are clustered.
    seed
        Of samples, uniform points and mixtures.
    most
        Largest number of clusters; fewer where there are fewer units.
    """
    units = len(np.unique(points, axis=0))
    ks = range(1, min(most, max(units // FEWEST, 1)) + 1)
    ready, labels = method.prepared(points), method(points, ks, seed)
    gaps, errors = _gaps(ready, method, ks, seed)
    distances = _Distances(ready, seed)
    return pd.DataFrame(
        {
            "k": list(ks),
            "silhouette": [distances.silhouette(labels[k]) for k in ks],
            "gap": gaps,
            "gap_error": errors,
            "bic": [float(mixture(ready, k, seed).bic(ready)) for k in ks],
        }
    )


def choose_k(curve: pd.DataFrame, criterion: str = "silhouette") -> int:
    """Return the number of clusters that a criterion prefers.

    Parameters
    ----------
    curve
        From `k_curve`, or the mean of several.
    criterion
        ``silhouette``: the largest. ``gap``: the smallest k whose gap is at least that of k + 1 less its error; the
        last one if none is. ``bic``: the smallest.

    Raises
    ------
    TombolaError
        For another criterion.
    """
    if criterion not in get_args(Criterion):
        raise TombolaError(f"criterion '{criterion}'{nearest(criterion, get_args(Criterion))}")
    if criterion == "gap":
        gap, error = curve.gap.to_numpy(), curve.gap_error.to_numpy()
        enough = np.flatnonzero(gap[:-1] >= gap[1:] - error[1:])
        return int(curve.k.iloc[enough[0] if len(enough) else len(curve) - 1])
    if criterion == "bic":
        return int(curve.k.iloc[int(curve.bic.argmin())])
    known = curve.dropna(subset=["silhouette"])
    return int(known.k.iloc[int(known.silhouette.argmax())]) if len(known) else 1


def silhouette(points: NDArray[np.float64], labels: NDArray[np.int64], seed: int = 0) -> float:
    """Return the mean silhouette of points, in [-1, 1]; NaN for one cluster, or as many as there are points."""
    return _Distances(points, seed).silhouette(labels)


class _Distances:
    """Distances between all points, or between a sample of them, computed once for every number of clusters."""

    def __init__(self, points: NDArray[np.float64], seed: int) -> None:
        from sklearn.metrics import pairwise_distances

        random, count = np.random.default_rng(seed), len(points)
        self._rows = np.sort(random.permutation(count)[:SILHOUETTE_UNITS])
        self._between = pairwise_distances(points[self._rows])

    def silhouette(self, labels: NDArray[np.int64]) -> float:
        from sklearn.metrics import silhouette_score

        own = labels[self._rows]
        if not 1 < len(np.unique(own)) < len(own):
            return np.nan
        return float(silhouette_score(self._between, own, metric="precomputed"))


def _gaps(
    points: NDArray[np.float64], method: Clustering, ks: Sequence[int], seed: int
) -> tuple[list[float], list[float]]:
    random = np.random.default_rng(seed)
    if len(points) > GAP_UNITS:
        points = points[random.choice(len(points), GAP_UNITS, replace=False)]
    own = _dispersions(points, method, ks, seed)
    low, high = points.min(0), points.max(0)
    others = np.array(
        [_dispersions(random.uniform(low, high, points.shape), method, ks, seed) for _ in range(REFERENCES)]
    )
    error = others.std(0) * np.sqrt(1 + 1 / REFERENCES)
    return list(others.mean(0) - own), list(error)


def _dispersions(points: NDArray[np.float64], method: Clustering, ks: Sequence[int], seed: int) -> NDArray[np.float64]:
    """Return the log of the summed squared distance to the cluster's centre, for each number of clusters."""
    found = []
    for labels in method.assign(points, ks, seed).values():
        parts = [points[labels == label] for label in np.unique(labels)]
        found.append(sum(((part - part.mean(0)) ** 2).sum() for part in parts))
    return np.log(np.maximum(found, 1e-12))

"""Ways to sort units into clusters. Adding one is a function of points and a registry line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.registry import Registry

Points = Float[np.ndarray, "unit variable"]
Labels = Int[np.ndarray, " unit"]
Assign = Callable[[NDArray[np.float64], Sequence[int], int], dict[int, NDArray[np.int64]]]
"""(points, numbers of clusters, seed) -> number of clusters -> label of every point."""


@dataclass(frozen=True)
class Clustering:
    """A way to sort units into clusters.

    Attributes
    ----------
    assign
        Sorts points, for several numbers of clusters at once (one tree serves all).
    standardise
        Whether every variable is brought to mean 0 and standard deviation 1 first.
    k
        The number of clusters it stands for; None: to be given or chosen.
    joint
        Whether conditions are clustered together; otherwise apart, and their labels matched.
    by_size
        Whether labels are numbered by size, the largest cluster 0.
    """

    assign: Assign
    standardise: bool = True
    k: int | None = None
    joint: bool = True
    by_size: bool = True

    def __call__(self, points: Points, ks: Sequence[int], seed: int = 0) -> dict[int, NDArray[np.int64]]:
        """Return the label of every point for each number of clusters.

        Raises
        ------
        TombolaError
            If there are fewer different points than clusters.
        """
        different = len(np.unique(points, axis=0))
        if max(ks) > different:
            raise TombolaError(
                f"k = {max(ks)}: there are {different} different units; ask for at most as many clusters"
            )
        found = self.assign(self.prepared(points), ks, seed)
        return {k: numbered_by_size(labels) for k, labels in found.items()} if self.by_size else found

    def prepared(self, points: Points) -> NDArray[np.float64]:
        """Return the points as distances between them are taken."""
        return standardised(points) if self.standardise else np.asarray(points, np.float64)


clusterings: Registry[Clustering] = Registry("clustering")


def standardised(points: Points) -> NDArray[np.float64]:
    """Return every variable with mean 0 and standard deviation 1; a constant one becomes 0."""
    centred = np.asarray(points, np.float64) - np.mean(points, 0)
    spread = centred.std(0)
    return np.asarray(centred / np.where(spread > 1e-12, spread, 1.0))


def numbered_by_size(labels: Labels) -> NDArray[np.int64]:
    """Return labels 0, 1, … by falling size of the cluster; of equal ones the one that is met first comes first."""
    _, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int64)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    return rank[inverse]


def ward(points: NDArray[np.float64], ks: Sequence[int], seed: int = 0) -> dict[int, NDArray[np.int64]]:
    """Merge the two clusters whose union adds least squared distance to its centre, again and again (Ward 1963)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(points) == 1:
        return {k: np.zeros(1, np.int64) for k in ks}
    tree = linkage(points, "ward")
    return {k: fcluster(tree, k, "maxclust").astype(np.int64) - 1 for k in ks}


def gaussian_mixture(points: NDArray[np.float64], ks: Sequence[int], seed: int = 0) -> dict[int, NDArray[np.int64]]:
    """Fit a mixture of Gaussians with full covariances by expectation maximisation, and take the likeliest."""
    return {k: mixture(points, k, seed).predict(points).astype(np.int64) for k in ks}


def mixture(points: NDArray[np.float64], k: int, seed: int = 0) -> Any:
    """Return a fitted `sklearn.mixture.GaussianMixture`, the best of three starts from far-apart points."""
    from sklearn.mixture import GaussianMixture

    start = {"n_init": 3, "init_params": "k-means++", "random_state": seed % 2**32}
    return GaussianMixture(k, reg_covar=1e-4, **start).fit(points)


def ward_signs2024(points: NDArray[np.float64], ks: Sequence[int], seed: int = 0) -> dict[int, NDArray[np.int64]]:
    """Cluster as "LTHSignDistributions" (2024) did: unscaled, k = 4, each data set apart, the library's own numbering.

    Prune rates vary by hundredths and sign rates by tenths, so without scaling the sign of the inputs decides nearly
    alone.
    """
    if len(ks) > 1:
        return ward(points, ks)  # whoever compares numbers of clusters needs no numbering, which costs a tree each
    from sklearn.cluster import AgglomerativeClustering

    return {ks[0]: AgglomerativeClustering(ks[0], linkage="ward").fit_predict(points).astype(np.int64)}


clusterings.register("ward")(Clustering(ward))
clusterings.register("gaussian-mixture")(Clustering(gaussian_mixture))
clusterings.register("ward-signs2024")(Clustering(ward_signs2024, standardise=False, k=4, joint=False, by_size=False))

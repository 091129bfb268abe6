"""Groups of units of both networks that move together: many-to-many by spectral clustering (Li et al. 2015, 3.4)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from tombola.analysis.features.moments import Moments
from tombola.errors import TombolaError


@dataclass(frozen=True)
class Groups:
    """A group for every unit of two networks; -1 for dead units.

    Attributes
    ----------
    one, two
        By unit.
    count
        Groups.
    """

    one: Int64[NDArray[np.int64], " unit"]
    two: Int64[NDArray[np.int64], " unit"]
    count: int

    def sizes(self) -> Int64[NDArray[np.int64], "group network"]:
        """Return how many units of each network each group has, largest first."""
        counted = np.stack([np.bincount(side[side >= 0], minlength=self.count) for side in (self.one, self.two)], 1)
        return np.asarray(counted[np.argsort(-counted.sum(1), kind="stable")])


def spectral_groups(moments: Moments, one: int, two: int, *, count: int = 10, seed: int = 0) -> Groups:
    """Return groups of units of both networks, by absolute correlation within and between them.

    Parameters
    ----------
    moments
        Of a layer.
    one, two
        The networks.
    count
        How many groups.
    seed
        Of the k-means in the spectral embedding.

    Raises
    ------
    TombolaError
        If there are not more living units than groups.
    """
    from sklearn.cluster import SpectralClustering

    alive = [np.flatnonzero(moments.alive(network)) for network in (one, two)]
    units = sum(map(len, alive))
    if not 1 < count < units:
        raise TombolaError(f"groups = {count}: between 2 and {units - 1} are possible, with {units} units that live")
    blocks = [[moments.correlation(a, b)[np.ix_(i, j)] for b, j in zip((one, two), alive, strict=True)]
              for a, i in zip((one, two), alive, strict=True)]  # fmt: skip
    similar = np.abs(np.block(blocks))
    clustering = SpectralClustering(count, affinity="precomputed", random_state=seed, assign_labels="kmeans")
    labels = clustering.fit_predict((similar + similar.T) / 2)
    found = [np.full(moments.sizes[network], -1, np.int64) for network in (one, two)]
    found[0][alive[0]], found[1][alive[1]] = labels[: len(alive[0])], labels[len(alive[0]) :]
    return Groups(found[0], found[1], count)

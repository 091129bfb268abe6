"""Whether the same clusters come out when other networks had been drawn."""

from typing import Final

import numpy as np
from jaxtyping import Shaped
from numpy.typing import NDArray

from tombola.analysis.clusters.methods import Clustering, Labels, Points

REPEATS: Final = 20
UNITS: Final = 1000
"""A repeat clusters at most so many units."""


def stability(
    points: Points,
    labels: Labels,
    networks: Shaped[np.ndarray, " unit"],
    method: Clustering,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return how far clusterings of resampled networks agree with the given one: an adjusted Rand index per repeat.

    Networks are drawn with replacement, because units of one network are not independent; with one network, units are.
    Where that gives more than 1,000 units, so many of them are drawn. 1 is the same partition, 0 what chance gives
    (Hubert & Arabie 1985).

    Parameters
    ----------
    points, labels
        The clustering in question, unscaled points.
    networks
        The network of each unit.
    method
        How it was made.
    repeats, seed
        How often, and from which seed.
    """
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(seed)
    _, owner = np.unique(networks, return_inverse=True)
    members = [np.flatnonzero(owner == number) for number in range(owner.max() + 1)]
    if len(members) == 1:
        members = [np.array([row]) for row in range(len(points))]
    k = len(np.unique(labels))
    found = np.full(repeats, np.nan)
    for repeat in range(repeats):
        drawn = np.concatenate([members[number] for number in random.integers(len(members), size=len(members))])
        if len(drawn) > UNITS:
            drawn = random.choice(drawn, UNITS, replace=False)
        if len(np.unique(points[drawn], axis=0)) >= k:
            found[repeat] = adjusted_rand_score(labels[drawn], method(points[drawn], [k], seed)[k])
    return found

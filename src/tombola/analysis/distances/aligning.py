"""Finding the alignment of two networks, the same whichever comes first."""

import numpy as np

from tombola.analysis.distances import greedy as _greedy
from tombola.analysis.distances import local_search as _local_search
from tombola.analysis.distances import weight_matching as _weight_matching
from tombola.analysis.distances.alignment import Alignment, Pair, alignments
from tombola.analysis.distances.measures import UnitDistance
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.settings import Settings

__all__ = ["align"]

_REGISTERING = (_greedy, _local_search, _weight_matching)


def align(one: Network, two: Network, measure: UnitDistance, settings: Settings) -> Alignment:
    """Return the alignment of two networks.

    Ties and local optima may depend on which network comes first, so the order is settled by their content: swapped
    networks get the inverse permutations.

    Parameters
    ----------
    one, two
        The networks; layers are called alike (`comparable`).
    measure
        The unit distance.
    settings
        Which alignment, and what it leaves open.
    """
    find = alignments[settings.alignment]
    if _first(one, two, measure):
        return find(Pair(one, two, measure, settings))
    found = find(Pair(two, one, measure, settings))
    return Alignment({group: np.argsort(order) for group, order in found.permutations.items()}, found.trace)


def _first(one: Network, two: Network, measure: UnitDistance) -> bool:
    """Return whether the first network comes first: by the first weight that the distance sees a difference in."""
    for layer, units in one.layers.items():
        other = two.layers[layer]
        seen = (units.keep, *measure.planes(units)), (other.keep, *measure.planes(other))
        for a, b in zip(*seen, strict=True):
            differs = (a != b).ravel()
            where = int(np.argmax(differs))
            if differs[where]:
                return bool(a.ravel()[where] < b.ravel()[where])
    return True

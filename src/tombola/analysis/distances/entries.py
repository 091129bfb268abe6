"""Distances between networks, by name: the default definitions.

An entry is a function of two networks and settings. Published definitions that differ have entries of their own, named
after their source (`published`).
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from tombola.analysis.distances import maed as _maed
from tombola.analysis.distances.aligning import align
from tombola.analysis.distances.measures import UnitDistance, unit_distances
from tombola.analysis.distances.network import Network, comparable
from tombola.analysis.distances.results import LayerDistance, NetworkDistance
from tombola.analysis.distances.settings import PLAIN, Settings
from tombola.analysis.distances.units import Units
from tombola.analysis.distances.wiring import Permutations
from tombola.registry import Registry

_REGISTERING = (_maed,)

Entry = Callable[[Network, Network, Settings], NetworkDistance]

network_distances: Registry[Entry] = Registry("distance")

NAMES: Mapping[str, str] = {"nnstd": "ned", "sasd": "sasd", "maed": "maed"}
"""Default entries and the unit distance of each."""


def network_distance(one: Network, two: Network, entry: str = "sasd", settings: Settings = PLAIN) -> NetworkDistance:
    """Return the distance of two networks.

    Parameters
    ----------
    one, two
        Networks of equal architecture.
    entry
        ``nnstd``, ``sasd``, ``maed``, or a published definition: ``nnstd-sna2023`` and so on.
    settings
        Alignment, outputs, empty units.

    Raises
    ------
    TombolaError
        If the entry or the alignment is unknown, or the networks are not of equal architecture.
    """
    found = network_distances[entry]
    one, two = comparable(one, two)
    return found(one, two, settings)


def measured(
    entry: str,
    one: Network,
    two: Network,
    measure: UnitDistance,
    permutations: Permutations,
    settings: Settings,
    *,
    pooled: bool = False,
    trace: tuple[float, ...] = (),
) -> NetworkDistance:
    """Return the distances of all layers of two networks under permutations of the second.

    Parameters
    ----------
    entry
        Name for the result.
    one, two, measure, permutations
        What is compared, and how.
    settings
        Whether pairs of empty units count.
    pooled
        Whether a layer's value is the pooled one rather than the mean over units.
    trace
        Of the alignment.
    """
    layers = []
    for layer, units in one.layers.items():
        own, other = two.layers[layer], two.units(layer, permutations)
        apart, whole = measure.pairs_and_whole(units, other)
        mean, empty = mean_of_units(apart, units, other, settings)
        unordered = mean if other is own else mean_of_units(measure.pairs(units, own), units, own, settings)[0]
        if settings.empty == "exclude" and empty == len(units):
            whole = float("nan")
        layers.append(LayerDistance(layer, whole if pooled else mean, mean, whole, unordered, len(units), empty))
    return NetworkDistance(entry, one.label, two.label, tuple(layers), settings, permutations, trace)


def mean_of_units(apart: Float[np.ndarray, " unit"], one: Units, two: Units, settings: Settings) -> tuple[float, int]:
    """Return the mean distance of units at equal places, and how many pairs are empty on both sides."""
    empty = (one.sizes == 0) & (two.sizes == 0)
    counted = ~empty if settings.empty == "exclude" else np.ones(len(apart), bool)
    return (float(apart[counted].mean()) if counted.any() else float("nan")), int(empty.sum())


def _default(name: str, measure: str) -> Entry:
    def distance(one: Network, two: Network, settings: Settings) -> NetworkDistance:
        unit = unit_distances[measure]
        found = align(one, two, unit, settings)
        return measured(name, one, two, unit, found.permutations, settings, trace=found.trace)

    return distance


for _name, _measure in NAMES.items():
    network_distances.register(_name)(_default(_name, _measure))

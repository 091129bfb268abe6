"""Distances between networks as they were published, differences to the default definitions included.

They ignore the settings, but for where products run. What masks they were computed on is up to who calls them: the
sparse-network analysis of 2023 looked at nominal masks.
"""

from collections.abc import Mapping

import numpy as np

from tombola.analysis.distances.assignment import assign
from tombola.analysis.distances.entries import measured, network_distances
from tombola.analysis.distances.measures import UnitDistance, unit_distances
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.results import NetworkDistance
from tombola.analysis.distances.settings import Settings
from tombola.analysis.distances.units import Order
from tombola.analysis.distances.wiring import Group, Wiring
from tombola.analysis.distances.wiring_chain import chain_wiring


def chained(
    entry: str,
    one: Network,
    two: Network,
    measure: UnitDistance,
    settings: Settings,
    wiring: Wiring,
    *,
    outputs: bool,
    pooled: bool,
) -> NetworkDistance:
    """Return a distance where layers are matched one after the other, whatever the networks' real wiring is.

    Parameters
    ----------
    entry, one, two, measure, settings
        As in `measured`.
    wiring
        One group per layer, which the next layer reads or not.
    outputs
        Whether the last layer's units are matched, too.
    pooled
        Whether layers count by their pooled value.
    """
    second = Network(two.label, two.layers, two.shapes, wiring, two.condition, two.initial_digest)
    found: dict[int, Order] = {}
    for number in wiring.free(outputs):
        (layer,) = wiring.groups[number].writers
        cost = measure.matrix(one.layers[layer], second.units(layer, found, rows=False), settings.compute)
        found[number] = assign(cost, places=False)
    return measured(entry, one, second, measure, found, settings.but(empty="zero"), pooled=pooled)


def _sna2023(shapes: Mapping[str, tuple[int, ...]]) -> Wiring:
    """Return what SNA permuted: next to nothing in linear networks, a plain chain of convolutions in others."""
    convolutions = {name: shape for name, shape in shapes.items() if len(shape) == 4}
    groups, names = [], [*shapes]
    for number, name in enumerate(names):
        units, after = shapes[name][0], names[number + 1] if number + 2 < len(names) else None
        readers = {}
        if after in convolutions and name in convolutions and shapes[after][1] == units:
            taps = int(np.prod(shapes[after][2:]))
            readers = {after: np.arange(units * taps).reshape(units, taps)}
        groups.append(Group(units, {name: np.arange(units)}, readers, output=number + 1 == len(names)))
    return Wiring(tuple(groups))


def _register_sna2023(name: str, measure: str) -> None:
    @network_distances.register(f"{name}-sna2023")
    def distance(one: Network, two: Network, settings: Settings) -> NetworkDistance:
        """Sparse-analysis reference, section 7.2: outputs matched, pooled layers, inputs permuted in convolutions."""
        wiring = _sna2023(one.shapes)
        unit = unit_distances[measure]
        return chained(f"{name}-sna2023", one, two, unit, settings, wiring, outputs=True, pooled=True)


def _register_sasd2022(name: str, measure: str) -> None:
    @network_distances.register(f"{name}-2022")
    def distance(one: Network, two: Network, settings: Settings) -> NetworkDistance:
        """Signs reference, section 12.2: first layer first, outputs fixed, features permuted by wrong blocks."""
        wiring = chain_wiring(one.shapes, "blocks-sasd2022")
        unit = unit_distances[measure]
        return chained(f"{name}-2022", one, two, unit, settings, wiring, outputs=False, pooled=False)


for _name, _measure in (("nnstd", "ned"), ("sasd", "sasd"), ("maed", "maed")):
    _register_sna2023(_name, _measure)
for _name, _measure in (("nnstd", "ned"), ("sasd", "sasd")):
    _register_sasd2022(_name, _measure)


@network_distances.register("nnstd-liu2020")
def nnstd_liu2020(one: Network, two: Network, settings: Settings) -> NetworkDistance:
    """Liu et al. 2020: supports only, first layer first, outputs matched, empty pairs count as 0."""
    unit, wiring = unit_distances["ned"], chain_wiring(one.shapes)
    return chained("nnstd-liu2020", one, two, unit, settings, wiring, outputs=True, pooled=False)

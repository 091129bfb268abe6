"""Laying one network upon another: what alignments share, and the registry they are filed in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from tombola.analysis.distances.assignment import TIE, assign
from tombola.analysis.distances.colours import colour_ties, unit_colours
from tombola.analysis.distances.measures import UnitDistance
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.settings import Settings
from tombola.analysis.distances.units import Order, Units
from tombola.analysis.distances.wiring import Permutations
from tombola.registry import Registry
from tombola.streams import stream_seed


@dataclass
class Pair:
    """Two networks on their way to an alignment.

    Attributes
    ----------
    one, two
        The networks; units of the second are permuted.
    measure
        The unit distance.
    settings
        What is open.
    """

    one: Network
    two: Network
    measure: UnitDistance
    settings: Settings

    def __post_init__(self) -> None:
        self.free = self.one.wiring.free(self.settings.outputs == "matched")
        seed = self.settings.tie_seed
        self._noise = None if seed is None else np.random.default_rng(stream_seed(seed, "ties"))

    def assigned(self, group: int, cost: Float[np.ndarray, "unit other"]) -> Order:
        """Return the exact assignment of a group's units; ties are broken by rule, or by chance where a seed is set.

        The rule: where several units are equally near at no distance at all, by colours; then places are kept.
        """
        if self._noise is not None:
            return assign(cost, self._noise.random(cost.shape), places=False)
        same = cost <= TIE
        several = same.sum(0).max(initial=0) > 1 or same.sum(1).max(initial=0) > 1
        return assign(cost, self._colours(group) if several else None)

    def _colours(self, group: int) -> Float[np.ndarray, "unit other"]:
        colours = [unit_colours(network, self.measure, self.free)[group] for network in (self.one, self.two)]
        return colour_ties(*colours)

    def matrix(self, layer: str, permutations: Permutations) -> Float[np.ndarray, "unit other"]:
        """Return the distances of all units of a layer; inputs of the second network are permuted, units not."""
        two = self.two.units(layer, permutations, rows=False)
        return self.measure.matrix(self.one.layers[layer], two, self.settings.compute)

    def group_cost(self, group: int, writers: Iterable[str], permutations: Permutations) -> Float[np.ndarray, "u v"]:
        """Return the cost of assigning a group's units: the sum over layers that write them, mean over each's units."""
        rows = self.one.wiring.groups[group].writers
        size = self.one.wiring.groups[group].size
        total = np.zeros((size, size))
        for layer in writers:
            matrix, chosen = self.matrix(layer, permutations), rows[layer]
            whole = len(chosen) == len(matrix) and bool((chosen == np.arange(size)).all())
            total += matrix if whole else matrix[np.ix_(chosen, chosen)]
        return total

    def means(self, layers: Iterable[str], permutations: Permutations) -> dict[str, float]:
        """Return the mean distance of matched units by layer, counted as the settings say; NaN where none counts."""
        return {layer: self.mean(layer, permutations) for layer in layers}

    def mean(self, layer: str, permutations: Permutations) -> float:
        """Return the mean distance of a layer's matched units."""
        one, two = self.one.layers[layer], self.two.units(layer, permutations)
        return self.counted_mean(self.measure.pairs(one, two), one, two)

    def counted_mean(self, apart: Float[np.ndarray, " unit"], one: Units, two: Units) -> float:
        """Return the mean of distances of units, of those that the settings count; NaN where none counts."""
        if self.settings.empty == "exclude":
            apart = apart[(one.sizes > 0) | (two.sizes > 0)]
        return float(apart.mean()) if len(apart) else float("nan")


@dataclass(frozen=True)
class Alignment:
    """Where the units of the second network go, and how that was found."""

    permutations: Permutations
    trace: tuple[float, ...] = field(default=())


alignments: Registry[Callable[[Pair], Alignment]] = Registry("alignment")


@alignments.register("none")
def unaligned(pair: Pair) -> Alignment:
    """Leave all units where they are."""
    return Alignment({})


def known_writers(pair: Pair, group: int) -> list[str]:
    """Return the compared layers that write a group."""
    return [layer for layer in pair.one.wiring.groups[group].writers if layer in pair.one.layers]


def identity(pair: Pair) -> dict[int, Order]:
    """Return the permutations that leave all units where they are."""
    return {group: np.arange(pair.one.wiring.groups[group].size) for group in pair.free}

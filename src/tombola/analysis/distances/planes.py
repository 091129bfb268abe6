"""How alike the units of a group are, by the weights that write and read them: sparse matrices, made once per pair."""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.sparse takes a moment to load, which happens where it is first used
from jaxtyping import Float, Int, Shaped

from tombola.analysis.distances.alignment import Pair
from tombola.analysis.distances.network import Network
from tombola.analysis.distances.products import Compute, product
from tombola.analysis.distances.units import Order

DENSE = 100
"""A multiplication of dense matrices is so many times faster than one of sparse matrices."""


@dataclass(frozen=True, eq=False)
class _Plane:
    """The non-zero entries of one plane of one layer."""

    rows: Int[np.ndarray, " entry"]
    columns: Int[np.ndarray, " entry"]
    values: Float[np.ndarray, " entry"]
    shape: tuple[int, int]

    @classmethod
    def of(cls, plane: Shaped[np.ndarray, "row column"]) -> "_Plane":
        rows, columns = np.nonzero(plane)
        return cls(rows, columns, plane[rows, columns].astype(np.float32), (plane.shape[0], plane.shape[1]))

    def moved(self, rows: Order | None, columns: Order | None) -> "_Plane":
        """Return the plane with rows and columns in another order."""
        return _Plane(_new_places(self.rows, rows), _new_places(self.columns, columns), self.values, self.shape)

    def by_row(self, rows: Int[np.ndarray, " unit"]) -> "scipy.sparse.csr_array":
        """Return the rows that write units."""
        unit = np.full(self.shape[0], -1)
        unit[rows] = np.arange(len(rows))
        chosen = unit[self.rows] >= 0
        places = unit[self.rows[chosen]], self.columns[chosen]
        return scipy.sparse.csr_array((self.values[chosen], places), shape=(len(rows), self.shape[1]))

    def by_column(self, taps: Int[np.ndarray, "unit tap"]) -> "scipy.sparse.csr_array":
        """Return the columns that read units, each unit's as one row."""
        unit, tap = np.full(self.shape[1], -1), np.zeros(self.shape[1], int)
        unit[taps], tap[taps] = np.arange(len(taps))[:, None], np.arange(taps.shape[1])
        chosen = unit[self.columns] >= 0
        columns = self.columns[chosen]
        across = self.rows[chosen] * taps.shape[1] + tap[columns]
        return scipy.sparse.csr_array(
            (self.values[chosen], (unit[columns], across)), shape=(len(taps), self.shape[0] * taps.shape[1])
        )


class Planes:
    """The planes of two networks, and how alike units are by them.

    Parameters
    ----------
    pair
        The networks.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.one, self.two = ([*_planes(pair, network).items()] for network in (pair.one, pair.two))
        self.scale = {}
        for (layer, first), (_, second) in zip(self.one, self.two, strict=True):
            squares = [
                sum(float(np.square(p.values, dtype=np.float64).sum()) for p in side) for side in (first, second)
            ]
            self.scale[layer] = 1 / np.sqrt(squares[0] * squares[1]) if min(squares) > 0 else 0.0

    def alike(self, group: int, found: dict[int, Order]) -> Float[np.ndarray, "unit other"]:
        """Return how alike units of a group are, all other groups held where they are."""
        places = self.pair.one.wiring.groups[group]
        held = {number: order for number, order in found.items() if number != group}
        total = np.zeros((places.size, places.size))
        for (layer, first), (_, second) in zip(self.one, self.two, strict=True):
            if layer not in places.writers and layer not in places.readers:
                continue
            rows, columns = first[0].shape
            wiring = self.pair.two.wiring
            orders = wiring.rows(layer, rows, held), wiring.columns(layer, columns, held)
            for a, b in zip(first, (plane.moved(*orders) for plane in second), strict=True):
                if layer in places.writers:
                    at = places.writers[layer]
                    total += self.scale[layer] * _product(a.by_row(at), b.by_row(at), self.pair.settings.compute)
                if layer in places.readers:
                    taps = places.readers[layer]
                    pair = a.by_column(taps), b.by_column(taps)
                    total += self.scale[layer] * _product(*pair, self.pair.settings.compute)
        return total

    def neighbours(self, group: int) -> set[int]:
        """Return the groups that share a layer with one: those that its moving unsettles."""
        groups = self.pair.one.wiring.groups
        layers = {*groups[group].writers, *groups[group].readers}
        return {
            number
            for number, other in enumerate(groups)
            if number != group and layers & {*other.writers, *other.readers}
        }


def _planes(pair: Pair, network: Network) -> dict[str, list[_Plane]]:
    return {name: [_Plane.of(plane) for plane in pair.measure.planes(units)] for name, units in network.layers.items()}


def _new_places(places: Int[np.ndarray, " entry"], order: Order | None) -> Int[np.ndarray, " entry"]:
    return places if order is None else np.argsort(order)[places]


def _product(
    one: "scipy.sparse.csr_array", two: "scipy.sparse.csr_array", compute: Compute
) -> Float[np.ndarray, "unit other"]:
    """Return one times two transposed, by whichever arithmetic is cheaper."""
    if one.nnz * two.nnz * DENSE < one.shape[0] * two.shape[0] * one.shape[1] ** 2:
        return np.asarray((one @ two.T).toarray(), np.float64)
    return product(one.toarray(), two.toarray(), compute)

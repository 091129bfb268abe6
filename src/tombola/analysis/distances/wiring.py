"""Which units of a network may change places, and which weights move with them.

Two units change places without any effect on what the network computes if the weights that write them (rows) and those
that read them (columns) move along. Units that are added up, as in a residual stream, can only move together: all
layers that write to one stream share one permutation.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from tombola.analysis.distances.units import Order

Permutations = Mapping[int, Order]
"""Group number -> which unit of the second network stands at each place; absent: in the order they have."""


@dataclass(frozen=True, eq=False)
class Group:
    """Units that may change places among each other.

    Attributes
    ----------
    size
        Number of units.
    writers
        Layer -> its row that makes each unit.
    readers
        Layer -> its columns (of flattened rows) that read each unit: one per kernel tap, or pixel of a flattened map.
    output
        Whether these are the network's outputs.
    """

    size: int
    writers: Mapping[str, Int[np.ndarray, " unit"]]
    readers: Mapping[str, Int[np.ndarray, "unit tap"]]
    output: bool = False


@dataclass(frozen=True, eq=False)
class Wiring:
    """All groups of a network, in the order in which their first writers run.

    Attributes
    ----------
    groups
        The groups. What is in none of them stays in its place: inputs, and whatever is not known to be free.
    """

    groups: tuple[Group, ...]

    def free(self, outputs_matched: bool) -> tuple[int, ...]:
        """Return the numbers of the groups that may be permuted."""
        return tuple(n for n, group in enumerate(self.groups) if outputs_matched or not group.output)

    def read_by(self, layer: str) -> tuple[int, ...]:
        """Return the numbers of the groups that a layer reads."""
        return tuple(n for n, group in enumerate(self.groups) if layer in group.readers)

    def rows(self, layer: str, count: int, permutations: Permutations) -> Order | None:
        """Return the order of a layer's units under permutations; None where they stay as they are."""
        order: Order | None = None
        for number, permutation in permutations.items():
            rows = self.groups[number].writers.get(layer)
            if rows is not None:
                order = np.arange(count) if order is None else order
                order[rows] = rows[permutation]
        return order

    def columns(self, layer: str, count: int, permutations: Permutations) -> Order | None:
        """Return the order of a layer's inputs under permutations; None where they stay as they are."""
        order: Order | None = None
        for number, permutation in permutations.items():
            columns = self.groups[number].readers.get(layer)
            if columns is not None:
                order = np.arange(count) if order is None else order
                order[columns] = columns[permutation]
        return order

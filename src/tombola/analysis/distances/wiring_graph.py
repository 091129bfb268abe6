"""The wiring of any network that has a layer graph, residual streams included."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from tombola.analysis.distances.wiring import Group, Wiring
from tombola.analysis.wiring import IMAGE, NONE, FlattenOrder, Origins, on_maps, origins
from tombola.networks import LayerGraph, Node

PINNED, NOTHING = 0, NONE
"""What does not move, and channels of zeros, which may stand for anything."""

Elements = Int[np.ndarray, " channel"]
"""A number for each channel of a map: equal for channels that have to move together."""


class _Ties:
    """Elements, and which of them are tied: a union-find over row numbers of all layers."""

    def __init__(self) -> None:
        self.parent = [PINNED]

    def fresh(self, count: int) -> Elements:
        start = len(self.parent)
        self.parent.extend(range(start, start + count))
        return np.arange(start, start + count)

    def root(self, element: int) -> int:
        while self.parent[element] != element:
            self.parent[element] = self.parent[self.parent[element]]
            element = self.parent[element]
        return element

    def tie(self, one: Elements, two: Elements) -> Elements:
        for a, b in zip(one.tolist(), two.tolist(), strict=True):
            if a != NOTHING and b != NOTHING:
                low, high = sorted((self.root(a), self.root(b)))
                self.parent[high] = low
        return np.where(one == NOTHING, two, one)

    def pin(self, elements: Elements) -> None:
        self.tie(elements, np.full(len(elements), PINNED))


class _Uses:
    """Where elements occur: as rows, or as columns of flattened rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, Elements]] = []
        self.columns: list[tuple[str, Elements]] = []


def graph_wiring(graph: LayerGraph, flatten: FlattenOrder = "channels-first") -> Wiring:
    """Return the wiring of a network.

    Maps that are added share their channels' places (residual streams); a stream that is widened by channels of zeros
    ties its old channels through and leaves the new ones a group of their own. Depthwise convolutions pass places on;
    channels of other grouped convolutions stay where they are.

    Parameters
    ----------
    graph
        The layer graph.
    flatten
        Order of features after maps.
    """
    ties, uses, held = _Ties(), _Uses(), origins(graph, flatten)
    rows = {str(node.weight): ties.fresh(node.shape[0]) for node in graph.weighted() if not on_maps(graph, node)}
    maps = [_elements(found, rows, ties, summed=node.op == "add") for node, found in zip(graph, held, strict=True)]
    for node in graph.weighted():
        if str(node.weight) in rows:
            _used(node, maps[node.inputs[0]], rows[str(node.weight)], ties, uses)
    outputs = {ties.root(e) for e in maps[graph.output].tolist() if e != NOTHING}
    return Wiring(_groups(ties, uses, outputs))


def _elements(found: Origins, rows: Mapping[str, Elements], ties: _Ties, *, summed: bool) -> Elements:
    """Return the elements in a map; what a sum puts into one channel is tied."""
    elements = np.full(len(found[0].units), NOTHING)
    for origin in found:
        mine = np.full(len(elements), NOTHING)
        mine[origin.known] = PINNED if origin.layer == IMAGE else rows[origin.layer][origin.units[origin.known]]
        elements = ties.tie(elements, mine) if summed else np.where(elements == NOTHING, mine, elements)
    return elements


def _used(node: Node, inputs: Elements, rows: Elements, ties: _Ties, uses: _Uses) -> None:
    """Note where a layer's rows and inputs occur; grouped convolutions hold channels to their places."""
    name, groups = str(node.weight), node["groups"] if node.op == "conv" else 1
    uses.rows.append((name, rows))
    if groups == 1:
        taps = int(np.prod(node["kernel"], dtype=int)) if node.op == "conv" else 1
        uses.columns.append((name, np.repeat(inputs, taps)))
    elif groups == len(inputs) == len(rows):
        ties.tie(rows, inputs)
    else:
        ties.pin(rows)
        ties.pin(inputs)


def _groups(ties: _Ties, uses: _Uses, outputs: set[int]) -> tuple[Group, ...]:
    """Gather tied elements that occur in the same layers into groups."""
    rows, columns = (_by_root(ties, found) for found in (uses.rows, uses.columns))
    alike: dict[tuple[tuple[str, int], ...], list[int]] = defaultdict(list)
    pinned = ties.root(PINNED)
    for root in sorted({ties.root(e) for _, found in uses.rows for e in found.tolist()} - {pinned}):
        places = [(f"row {name}", len(n)) for name, n in rows[root].items()]
        places += [(f"column {name}", len(n)) for name, n in columns[root].items()]
        if all(len(n) == 1 for n in rows[root].values()):
            alike[(*places, ("output", int(root in outputs)))].append(root)
    return tuple(
        Group(
            len(roots),
            {name: np.array([rows[root][name][0] for root in roots]) for name in rows[roots[0]]},
            {name: np.array([columns[root][name] for root in roots]) for name in columns[roots[0]]},
            roots[0] in outputs,
        )
        for roots in alike.values()
    )


def _by_root(ties: _Ties, found: Sequence[tuple[str, Elements]]) -> dict[int, dict[str, list[int]]]:
    places: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for name, elements in found:
        for number, element in enumerate(elements.tolist()):
            if element != NOTHING:
                places[ties.root(element)][name].append(number)
    return places

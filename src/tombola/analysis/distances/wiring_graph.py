"""The wiring of any network that has a layer graph, residual streams included."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from tombola.analysis.distances.wiring import Group, Wiring
from tombola.networks import LayerGraph, Node

PINNED, NOTHING = 0, -1
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


def graph_wiring(graph: LayerGraph) -> Wiring:
    """Return the wiring of a network.

    Maps that are added share their channels' places (residual streams); a stream that is widened by channels of zeros
    ties its old channels through and leaves the new ones a group of their own. Depthwise convolutions pass places on;
    channels of other grouped convolutions stay where they are. Flattening is PyTorch's, channels first.

    Parameters
    ----------
    graph
        The layer graph.
    """
    ties, uses = _Ties(), _Uses()
    elements: list[Elements] = [np.full(graph.input_shape[0], PINNED)]
    for node in graph.nodes[1:]:
        elements.append(_after(node, [elements[source] for source in node.inputs], graph, ties, uses))
    outputs = {ties.root(e) for e in elements[graph.output].tolist() if e != NOTHING}
    return Wiring(_groups(ties, uses, outputs))


def _after(node: Node, inputs: Sequence[Elements], graph: LayerGraph, ties: _Ties, uses: _Uses) -> Elements:
    x, shape = inputs[0], graph[node.inputs[0]].shape
    match node.op:
        case "conv":
            return _conv(node, x, ties, uses)
        case "linear" if len(shape) == 1:
            rows = ties.fresh(node.shape[0])
            uses.rows.append((str(node.weight), rows))
            uses.columns.append((str(node.weight), x))
            return rows
        case "flatten":
            return np.repeat(x, int(np.prod(shape[1:], dtype=int)))
        case "add":
            return ties.tie(x, inputs[1])
        case "pad":
            none = np.full(node["before"] + node["after"], NOTHING)
            return np.concatenate([none[: node["before"]], x, none[node["before"] :]])
        case _:
            return x  # one channel each; a linear layer on maps works within channels


def _conv(node: Node, x: Elements, ties: _Ties, uses: _Uses) -> Elements:
    rows = ties.fresh(node.shape[0])
    name = str(node.weight)
    uses.rows.append((name, rows))
    if node["groups"] == 1:
        uses.columns.append((name, np.repeat(x, int(np.prod(node["kernel"], dtype=int)))))
    elif node["groups"] == len(x) == len(rows):
        ties.tie(rows, x)
    else:
        ties.pin(rows)
        ties.pin(x)
    return rows


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

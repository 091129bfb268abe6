"""Betweenness of units: through how many of the shortest paths of a network each unit lies (Freeman 1977)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.analysis.structure.shortest_paths import shortest_path_betweenness
from tombola.analysis.structure.unit_graph import UnitGraph, unit_graph

Layer = Bool[NDArray[np.bool_], "output input"]
Values = Float[NDArray[np.float64], " unit"]


def chain_betweenness(layers: Sequence[Layer]) -> list[Values]:
    """Return the betweenness of the units of every hidden layer of a chain of layers; survivors are edges, unweighted.

    In a chain all paths between two units have one length, so every path is a shortest one, and sums over all pairs
    (Brandes 2001) come down to one sweep for each layer that paths begin in; other networks need
    `shortest_path_betweenness`. A unit's value is the sum over pairs of
    units before and behind it, inputs and outputs included, of the share of their paths that lead through it.

    Parameters
    ----------
    layers
        Which weights remain, layer by layer.

    Returns
    -------
    list
        Per hidden layer: values over the number of pairs (a unit before, a unit behind) that could be connected
        through it, in [0, 1].

    Examples
    --------
    >>> one = np.array([[True, False], [True, True]])
    >>> [values.tolist() for values in chain_betweenness([one, np.array([[True, True]])])]
    [[0.25, 0.75]]
    """
    edges = [np.asarray(layer, np.float64) for layer in layers]
    sizes = [edges[0].shape[1], *(len(each) for each in edges)] if edges else []
    found = [np.zeros(size) for size in sizes]
    for start in range(len(edges)):
        found = [before + more for before, more in zip(found, _from(edges, sizes, start), strict=True)]
    ahead, behind = np.cumsum([0, *sizes]), sum(sizes)
    return [
        values / max(int(ahead[place]) * int(behind - ahead[place] - sizes[place]), 1)
        for place, values in enumerate(found[1:-1], start=1)
    ]


def _from(edges: Sequence[NDArray[np.float64]], sizes: Sequence[int], start: int) -> list[NDArray[np.float64]]:
    """Return what paths from one layer add to every unit behind it: Brandes' dependencies, all sources at once."""
    counts: list[NDArray[np.float64]] = [np.eye(sizes[start])]
    for layer in edges[start:]:
        counts.append(counts[-1] @ layer.T)  # source, unit: numbers of paths
    shares: list[NDArray[np.float64]] = [np.zeros(size) for size in sizes]
    depends = np.zeros_like(counts[-1])
    for step in range(len(counts) - 1, 1, -1):
        reached = counts[step] > 0
        per_path = np.divide(1 + depends, counts[step], out=np.zeros_like(depends), where=reached)
        depends = counts[step - 1] * (per_path @ edges[start + step - 1])
        shares[start + step - 1] = depends.sum(0)
    return shares


def betweenness_table(views: Sequence[NetworkView]) -> pd.DataFrame:
    """Return the betweenness of the units of every hidden layer, ``network, condition, layer, unit, betweenness``.

    Hidden are layers that another one reads. Who reads whom is what the layer graph says (`unit_graph`): a filter is
    one node, joined to a channel that it keeps a tap of; along a residual stream that is every unit added into the
    channel; behind a flattening all places of a channel are that channel. Layers that are not pruned are nodes, but
    have no row. A network without a layer graph is the chain of its prunable layers; it has no row if these make none,
    nor has one whose linear layers work on maps.
    """
    rows = []
    for view in views:
        found = _of_view(view)
        for layer in view.layers:
            values = found.get(layer.name, np.empty(0))
            rows += [(view.label, view.condition, layer.name, unit, value) for unit, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["network", "condition", "layer", "unit", "betweenness"])


def graph_betweenness(units: UnitGraph) -> dict[str, Values]:
    """Return the betweenness of the units of every layer that another one reads.

    By `chain_betweenness` where layers make a chain. Elsewhere paths may be of several lengths, and it is by
    `shortest_path_betweenness`, which gives the same in a chain.
    """
    chain = units.chain()
    if chain is None:
        return shortest_path_betweenness(units)
    return dict(zip(list(units.sizes)[1:-1], chain_betweenness(chain), strict=True))


def _of_view(view: NetworkView) -> dict[str, Values]:
    if view.graph is not None:
        units = unit_graph(view.graph, view.mask)
        return {} if units is None else graph_betweenness(units)
    layers = as_chain([view.keep(layer.name) for layer in view.layers])
    names = [layer.name for layer in view.layers[:-1]]
    return {} if layers is None else dict(zip(names, chain_betweenness(layers), strict=True))


def as_chain(layers: Sequence[Bool[NDArray[np.bool_], "output input ..."]]) -> list[Layer] | None:
    """Return layers as matrices of units that read units; None if one does not read the one before it."""
    found: list[Layer] = []
    for keep in layers:
        matrix = np.asarray(keep.reshape(*keep.shape[:2], -1).any(2))
        units = len(found[-1]) if found else matrix.shape[1]
        if not units or matrix.shape[1] % units or (keep.ndim == 4 and matrix.shape[1] != units):
            return None
        found.append(np.asarray(matrix.reshape(len(matrix), units, -1).any(2)))
    return found

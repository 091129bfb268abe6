"""Betweenness where paths of several lengths exist: Brandes' sums over shortest paths, all units of a layer at once."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.analysis.structure.unit_graph import Edges, UnitGraph

Values = Float[NDArray[np.float64], " unit"]
Lengths = Int[NDArray[np.int32], "source unit"]
Numbers = Float[NDArray[np.float64], "source unit"]

FAR = np.iinfo(np.int32).max
"""The length of a path that does not exist."""
TOGETHER = 512
"""Units that are searched from at once: numbers about each of them and any other unit are held in memory."""


def shortest_path_betweenness(units: UnitGraph) -> dict[str, Values]:
    """Return the betweenness of the units of every layer that is read (Freeman 1977), by Brandes' algorithm (2001).

    A path is as long as it has edges: layers with weights on it, its beginning not counted. A unit's value is the sum,
    over ordered pairs of a unit before and a unit behind it, inputs and outputs included, of the share of their
    shortest paths that lead through it, over the number of such pairs in the layers that are wired before and behind
    its own: all that could be connected through it.

    Searches from the units of a layer go on together, reader by reader: each takes the shortest of its writers' paths
    and one edge more.

    Parameters
    ----------
    units
        Who reads whom.

    Returns
    -------
    dict
        Layer -> values in [0, 1].
    """
    sums = {layer: np.zeros(size) for layer, size in units.sizes.items()}
    for source, size in units.sizes.items():
        for start in range(0, size, TOGETHER):
            lengths, numbers = _search(units, source, np.arange(start, min(start + TOGETHER, size)))
            for layer, depends in _dependencies(units, source, lengths, numbers).items():
                sums[layer] += depends.sum(0)
    before = units.before()
    read = [layer for layer in units.reads if any(layer in reads for reads in units.reads.values())]
    found = {}
    for layer in read:
        ahead = sum(units.sizes[other] for other in before[layer])
        behind = sum(units.sizes[other] for other, those in before.items() if layer in those)
        found[layer] = sums[layer] / max(ahead * behind, 1)
    return found


def _search(
    units: UnitGraph, source: str, begin: Int[NDArray[np.intp], " source"]
) -> tuple[dict[str, Lengths], dict[str, Numbers]]:
    """Return lengths and numbers of the shortest paths from units of a layer, for each layer wired behind it."""
    numbers: dict[str, Numbers] = {source: np.equal.outer(begin, np.arange(units.sizes[source])).astype(np.float64)}
    lengths: dict[str, Lengths] = {source: np.where(numbers[source] > 0, 0, FAR).astype(np.int32)}
    for layer, reads in units.reads.items():
        writers = [writer for writer in reads if writer in lengths]
        if writers:
            lengths[layer], numbers[layer] = _one_edge_on(
                np.concatenate([lengths[writer] for writer in writers], 1),
                np.concatenate([numbers[writer] for writer in writers], 1),
                np.concatenate([reads[writer] for writer in writers], 1),
            )
    return lengths, numbers


def _one_edge_on(lengths: Lengths, numbers: Numbers, edges: Edges) -> tuple[Lengths, Numbers]:
    """Return lengths and numbers of the shortest paths to readers from those to all that they read."""
    found = np.full((len(lengths), len(edges)), FAR, np.int32)
    many = np.zeros(found.shape)
    for length in np.unique(lengths[lengths < FAR]):
        here, missing = lengths == length, found == FAR
        rows, columns = np.flatnonzero(here.any(1) & missing.any(1)), np.flatnonzero(here.any(0))
        place = np.ix_(rows, columns)
        paths = np.where(here[place], numbers[place], 0) @ edges[:, columns].T.astype(np.float64)
        new = missing[rows] & (paths > 0)
        found[rows] = np.where(new, length + 1, found[rows])
        many[rows] = np.where(new, paths, many[rows])
    return found, many


def _dependencies(
    units: UnitGraph, source: str, lengths: Mapping[str, Lengths], numbers: Mapping[str, Numbers]
) -> dict[str, Numbers]:
    """Return what every unit of a layer depends on, from the last layer back: Brandes' dependencies.

    Of a source and a unit: the sum, over the units behind it, of the share of the shortest paths to them through it.
    """
    depends = {layer: np.zeros_like(found) for layer, found in numbers.items() if layer != source}
    for layer in reversed(depends):
        own = lengths[layer]
        per_path = np.divide(
            1 + depends[layer], numbers[layer], out=np.zeros_like(depends[layer]), where=numbers[layer] > 0
        )
        writers = [writer for writer in units.reads[layer] if writer in depends]
        for writer in writers:
            edges = units.reads[layer][writer].astype(np.float64)
            for length in np.unique(own[own < FAR]):
                here, behind = lengths[writer] == length - 1, own == length
                rows, columns = np.flatnonzero(here.any(1) & behind.any(1)), np.flatnonzero(here.any(0))
                place = np.ix_(rows, columns)
                shares = np.where(behind[rows], per_path[rows], 0) @ edges[:, columns]
                depends[writer][place] += np.where(here[place], numbers[writer][place] * shares, 0)
    return depends

"""Telling units apart by where they stand: colours that do not depend on the order of hidden units.

A matching of incoming weights cannot tell units with equal incoming weights apart (empty ones, above all), and a wrong
guess there makes the next layer look different. Colours see the whole network: each unit's is made of the colours
around it, over and over (Weisfeiler and Leman 1968), from inputs and outputs that stand still. A network and a copy
with permuted units give the units that belong together equal colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from tombola.analysis.distances.measures import UnitDistance
from tombola.analysis.distances.network import Network

Colours = UInt64[np.ndarray, "..."]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST = np.uint64(31)


@dataclass(frozen=True, eq=False)
class _Edges:
    """The survivors of one layer, and which groups its rows and columns belong to."""

    rows: Int[np.ndarray, " survivor"]
    columns: Int[np.ndarray, " survivor"]
    codes: Colours
    shape: tuple[int, int]
    row_places: Mapping[int, Int[np.ndarray, "unit 1"]]
    column_places: Mapping[int, Int[np.ndarray, "unit tap"]]


def unit_colours(network: Network, measure: UnitDistance, free: Sequence[int]) -> dict[int, Colours]:
    """Return the colours of the units of each free group.

    Parameters
    ----------
    network
        The network.
    measure
        Sees of each weight what the distance sees: support, sign or value.
    free
        Groups whose units may change places; rows and columns of no such group have a name of their own.
    """
    key = repr(("colours", type(measure).__qualname__, tuple(free)))
    if key not in network.cache:
        network.cache[key] = _refined(network, measure, free)
    found: dict[int, Colours] = network.cache[key]
    return found


def colour_ties(one: Colours, two: Colours) -> Float[np.ndarray, "unit other"]:
    """Return 0 for pairs of equal colour, else 1."""
    return np.asarray(one[:, None] != two, np.float64)


def _refined(network: Network, measure: UnitDistance, free: Sequence[int]) -> dict[int, Colours]:
    groups = network.wiring.groups
    layers = [_edges(network, layer, measure, free) for layer in network.layers]
    colours = {number: np.zeros(groups[number].size, np.uint64) for number in free}
    distinct = len(colours)
    while True:
        heard = {number: _mixed(values) for number, values in colours.items()}
        for number, edges in enumerate(layers):
            _tell(edges, number, colours, heard)
        now = sum(len(np.unique(values)) for values in heard.values())
        if now == distinct:
            return heard
        colours, distinct = heard, now


def _edges(network: Network, layer: str, measure: UnitDistance, free: Sequence[int]) -> _Edges:
    codes = measure.codes(network.layers[layer])
    rows, columns = np.nonzero(codes)
    groups = {number: network.wiring.groups[number] for number in free}
    return _Edges(
        rows,
        columns,
        _mixed(codes[rows, columns].astype(np.uint64)),
        (codes.shape[0], codes.shape[1]),
        {number: group.writers[layer][:, None] for number, group in groups.items() if layer in group.writers},
        {number: group.readers[layer] for number, group in groups.items() if layer in group.readers},
    )


def _tell(edges: _Edges, layer: int, colours: Mapping[int, Colours], heard: dict[int, Colours]) -> None:
    """Add what the units of a layer hear from the units it reads, and the other way round."""
    of_rows = _names(edges.shape[0], 2 * layer, edges.row_places, colours)
    of_columns = _names(edges.shape[1], 2 * layer + 1, edges.column_places, colours)
    to_rows, to_columns = np.zeros(edges.shape[0], np.uint64), np.zeros(edges.shape[1], np.uint64)
    np.add.at(to_rows, edges.rows, _mixed(edges.codes + of_columns[edges.columns]))
    np.add.at(to_columns, edges.columns, _mixed(edges.codes ^ of_rows[edges.rows]))
    for told, all_places in ((to_rows, edges.row_places), (to_columns, edges.column_places)):
        for number, places in all_places.items():
            taps = _numbered(places.shape[1], layer)
            heard[number] = heard[number] + _mixed(told[places] + taps).sum(1, dtype=np.uint64)


def _names(
    count: int, salt: int, all_places: Mapping[int, Int[np.ndarray, "unit tap"]], colours: Mapping[int, Colours]
) -> Colours:
    """Return what rows or columns are called: by colour and tap where units are free, else by number."""
    names = _numbered(count, salt)
    for number, places in all_places.items():
        names[places] = _mixed(colours[number][:, None] + _numbered(places.shape[1], ~salt))
    return names


def _numbered(count: int, salt: int) -> Colours:
    """Return well-mixed names of the first numbers, different for each salt."""
    return _mixed(_mixed(np.array([salt]).astype(np.uint64)) + np.arange(count, dtype=np.uint64))


def _mixed(values: Colours) -> Colours:
    """Return well-mixed 64-bit numbers (the finaliser of splitmix64)."""
    values = values + _ODD
    for shift, factor in _MIX:
        values = (values ^ (values >> shift)) * factor
    mixed: Colours = values ^ (values >> _LAST)
    return mixed

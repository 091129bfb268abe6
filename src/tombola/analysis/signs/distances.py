"""Distances between the sign distributions of many networks: by layer, variable and measure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.signs.floors import SPLITS, Splits
from tombola.analysis.signs.measures.between import pooled_scale
from tombola.analysis.signs.measures.registry import BINS, CORRECTED, measures
from tombola.analysis.signs.pairwise import Matrices, one_variable, whole_rows
from tombola.analysis.signs.table import VARIABLES, alive, hidden
from tombola.errors import TombolaError
from tombola.networks.prunable import weight_named
from tombola.telling import Tell, silent, walked

Array = NDArray[np.float64]
JOINT = "joint"
"""What stands in the place of a variable for measures of all four together."""

CellKey = tuple[str, str, str]
"""Layer, variable, measure."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances between all pairs of networks.

    Attributes
    ----------
    networks
        Their labels, in the order of the matrices.
    conditions
        The condition of each.
    cells
        Matrices by (layer, variable, measure).
    units
        Living units by (layer, variable), one count per network.
    bins, splits
        What measures on bins, and floors, were computed with.
    """

    networks: tuple[str, ...]
    conditions: tuple[str, ...]
    cells: dict[CellKey, Matrices] = field(repr=False)
    units: dict[tuple[str, str], NDArray[np.int64]] = field(repr=False)
    bins: int = BINS
    splits: int = SPLITS

    def members(self, condition: str) -> NDArray[np.intp]:
        """Return the positions of a condition's networks."""
        return np.flatnonzero(np.array(self.conditions) == condition)

    def stacked(self, keys: Sequence[CellKey] | None = None) -> Array:
        """Return the distances of several cells, by default all, as an array ``(cell, network, network)``."""
        return np.stack([self.cells[key].values for key in (self.cells if keys is None else keys)])


def distances(
    table: pd.DataFrame,
    chosen: Sequence[str] = CORRECTED,
    *,
    layers: Sequence[str] | None = None,
    bins: int = BINS,
    splits: int = SPLITS,
    tell: Tell = silent,
) -> Distances:
    """Return the distances between all pairs of networks of a sign table (reference: signs 3).

    Distributions are over living units. Measures of whole rows compare the four variables at once, each in units of
    its sd over all networks of the layer; they are filed under the variable ``joint``.

    Parameters
    ----------
    table
        What `sign_table` or `read_distributions` returns; one stage and level per network label.
    chosen
        Names in `measures`.
    layers
        Which layers, by default all that have something behind them.
    bins
        Of measures on bins.
    splits
        Random splits for the floor of every distance; 0 leaves floors out.
    tell
        Hears how many layers are done.

    Raises
    ------
    TombolaError
        If a measure or layer is unknown, or there are fewer than two networks.
    """
    entries = [measures[name] for name in chosen]
    inside = hidden(table)
    known = list(dict.fromkeys(inside.layer))
    asked = []
    for layer in known if layers is None else layers:
        name = weight_named(layer, known)
        if name is None:
            names = ", ".join(name.removesuffix(".weight") for name in known)
            raise TombolaError(
                f"layer '{layer.removesuffix('.weight')}' has no sign distributions on both sides; choose from {names}"
            )
        asked.append(name)
    order = table.drop_duplicates("network_id")
    networks, conditions = tuple(order.network_id), tuple(order.condition)
    if len(networks) < 2:
        raise TombolaError(f"distances need two networks at least, and there is {len(networks)}")
    drawn = Splits(splits)
    cells: dict[CellKey, Matrices] = {}
    units: dict[tuple[str, str], NDArray[np.int64]] = {}
    for layer in walked(asked, "layers, distances", tell):
        rows = alive(inside[inside.layer == layer])
        by_network = {name: part[list(VARIABLES)].to_numpy() for name, part in rows.groupby("network_id", sort=False)}
        samples = [_whole(by_network.get(name, np.empty((0, len(VARIABLES))))) for name in networks]
        for i, variable in enumerate((*VARIABLES, JOINT)):
            units[layer, variable] = np.array([len(sample) for sample in samples])
            one = [entry for entry in entries if (entry.rows is not None) == (variable == JOINT)]
            if not one:
                continue
            if variable == JOINT:
                found = whole_rows(samples, one, pooled_scale(samples), drawn)
            else:
                found = one_variable([sample[:, i] for sample in samples], one, drawn, bins)
            cells |= {(layer, variable, name): matrices for name, matrices in found.items()}
    return Distances(networks, conditions, cells, units, bins, splits)


def _whole(rows: Array) -> Array:
    return rows[~np.isnan(rows).any(1)]

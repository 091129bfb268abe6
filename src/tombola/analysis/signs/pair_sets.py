"""Pair sets: which pairs of networks are compared with which, as blocks of conditions (reference: signs 4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.signs.distances import Distances
from tombola.errors import TombolaError, nearest

Block = tuple[str, str]
"""Two conditions; twice the same one stands for the pairs within it."""


@dataclass(frozen=True)
class PairSet:
    """Pairs of networks.

    Attributes
    ----------
    name
        What tables call it.
    blocks
        The conditions whose pairs it holds, in order: within a condition every pair once, between two every network
        of the first with every one of the second.
    """

    name: str
    blocks: tuple[Block, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """All conditions it touches, in order."""
        return tuple(dict.fromkeys(condition for block in self.blocks for condition in block))

    def pairs(self, conditions: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the positions of first and second networks, pair by pair, in the published order."""
        of = np.array(conditions)
        parts = list(self._parts(of))
        return np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts])

    def _parts(self, of: NDArray[np.str_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        for one, other in self.blocks:
            first, second = np.flatnonzero(of == one), np.flatnonzero(of == other)
            if one == other:
                i, j = np.triu_indices(len(first), 1)
            else:
                i, j = (each.ravel() for each in np.indices((len(first), len(second))))
            yield first[i], second[j]


def within(condition: str) -> PairSet:
    """Return the pairs within a condition, called like it."""
    return PairSet(condition, ((condition, condition),))


def between(one: str, other: str) -> PairSet:
    """Return the pairs between two conditions, called ``one_other``."""
    return PairSet(f"{one}_{other}", ((one, other),))


def together(name: str, parts: Sequence[PairSet]) -> PairSet:
    """Return several pair sets as one, in order."""
    return PairSet(name, tuple(block for part in parts for block in part.blocks))


def all_pair_sets(conditions: Sequence[str]) -> list[PairSet]:
    """Return every condition's own pairs and those between each two; then all within and all between together."""
    own = [within(condition) for condition in conditions]
    across = [between(a, b) for i, a in enumerate(conditions) for b in conditions[i + 1 :]]
    several = len(conditions) > 1
    collectives = [together("within", own), together("between", across)] if several else []
    return [*own, *across, *collectives]


def published_pair_sets(tickets: Sequence[str] = ("CIFAR", "CINIC", "SVHN"), random: str = "RSN") -> list[PairSet]:
    """Return the 14 pair sets of "LTHSignDistributions" (2024), names and order as in its files.

    Parameters
    ----------
    tickets
        Conditions of winning tickets, one per data set; any number.
    random
        The condition of randomly pruned networks.
    """
    own = [within(condition) for condition in (*tickets, random)]
    to_random = [between(random, condition) for condition in tickets]
    across = [between(a, b) for a, b in _crossings(tickets)]
    sets = [*own, *to_random, *across, together("within_WTs", own[:-1]), together("within_conditions", own)]
    sets.append(together("between_WTs_and_RSN", to_random))
    return [*sets, together("between_WT_datasets", across)] if across else sets


def declared_pair_sets(
    conditions: Sequence[str], collectives: Mapping[str, Sequence[Sequence[str]]]
) -> dict[str, PairSet]:
    """Return the pair sets of conditions and what is declared beside them, by name.

    Parameters
    ----------
    conditions
        The conditions there are.
    collectives
        Name -> pairs of conditions: ``{"near": [["a", "a"], ["a", "b"]]}``.

    Raises
    ------
    TombolaError
        If a collective names an unknown condition, or something else than two.
    """
    sets = {each.name: each for each in all_pair_sets(conditions)}
    for name, blocks in collectives.items():
        for block in blocks:
            for condition in block:
                if condition not in conditions:
                    raise TombolaError(
                        f"collective '{name}' names condition '{condition}'{nearest(condition, conditions)}"
                    )
            if len(block) != 2:
                raise TombolaError(f"collective '{name}' has {list(block)}; each of its parts names two conditions")
        sets[name] = PairSet(name, tuple((block[0], block[1]) for block in blocks))
    return sets


def pair_table(found: Distances, sets: Sequence[PairSet]) -> pd.DataFrame:
    """Return the distances of pair sets as a tidy table.

    Columns are ``pair_set, net_a, net_b, condition_a, condition_b, layer, variable, measure, value, floor_mean,
    floor_95, excess`` (value minus mean floor) and the living units ``n_a, n_b``.
    """
    parts = []
    for each in sets:
        a, b = each.pairs(found.conditions)
        names, conditions = np.array(found.networks, object), np.array(found.conditions, object)
        for (layer, variable, measure), matrices in found.cells.items():
            units, value, floor = found.units[layer, variable], matrices.values[a, b], matrices.floor_mean[a, b]
            columns = {"pair_set": each.name, "net_a": names[a], "net_b": names[b]}
            columns |= {"condition_a": conditions[a], "condition_b": conditions[b]}
            columns |= {"layer": layer, "variable": variable, "measure": measure, "value": value, "floor_mean": floor}
            columns |= {
                "floor_95": matrices.floor_high[a, b],
                "excess": value - floor,
                "n_a": units[a],
                "n_b": units[b],
            }
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def pair_summary(found: Distances, sets: Sequence[PairSet]) -> pd.DataFrame:
    """Return mean and population sd of every pair set in every cell, beside the mean floor, over defined distances."""
    rows = []
    for each in sets:
        a, b = each.pairs(found.conditions)
        for (layer, variable, measure), matrices in found.cells.items():
            values = matrices.values[a, b]
            known = values[~np.isnan(values)]
            floors = [mean_of(matrix[a, b]) for matrix in (matrices.floor_mean, matrices.floor_high)]
            row = {"pair_set": each.name, "layer": layer, "variable": variable, "measure": measure, "pairs": len(known)}
            row |= {"mean": mean_of(known), "sd": known.std() if len(known) else np.nan}
            rows.append(row | {"floor_mean": floors[0], "floor_95": floors[1]})
    return pd.DataFrame(rows)


def mean_of(values: NDArray[np.float64]) -> float:
    """Return the mean of what is not NaN; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _crossings(tickets: Sequence[str]) -> list[Block]:
    """Return the pairs of data sets, the published three in their published order and direction."""
    if list(tickets) == ["CIFAR", "CINIC", "SVHN"]:
        return [("CIFAR", "SVHN"), ("CINIC", "CIFAR"), ("SVHN", "CINIC")]
    return [(a, b) for i, a in enumerate(tickets) for b in tickets[i + 1 :]]

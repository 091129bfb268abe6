"""Which unit of one network corresponds to which of another (Li et al. 2015, section 3)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int64
from numpy.typing import NDArray

Similarity = Float[NDArray[np.float64], "unit_a unit_b"]
"""Of all pairs of units; rows and columns of dead units are NaN."""

NOBODY = -1


@dataclass(frozen=True)
class Partners:
    """One partner, or none, for every unit of a network.

    Attributes
    ----------
    unit
        The partner in the other network; -1 for dead units and those that are left over.
    value
        Their similarity; NaN without a partner.
    """

    unit: Int64[NDArray[np.int64], " unit"]
    value: Float[NDArray[np.float64], " unit"]

    @property
    def mean(self) -> float:
        """Mean similarity of the pairs; NaN without any."""
        known = self.value[~np.isnan(self.value)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def paired(self) -> int:
        """Units that have a partner."""
        return int((self.unit != NOBODY).sum())


def semi_matching(similarity: Similarity, *, ignore_diagonal: bool = False) -> Partners:
    """Return for each unit its most similar one, whoever else has it, too.

    Parameters
    ----------
    similarity
        Of all pairs.
    ignore_diagonal
        Within a network: a unit is not its own partner.
    """
    allowed = np.array(similarity, np.float64)
    if ignore_diagonal:
        np.fill_diagonal(allowed, np.nan)
    units = np.full(len(similarity), NOBODY, np.int64)
    known = ~np.isnan(allowed).all(axis=1)
    units[known] = np.nanargmax(allowed[known], axis=1)
    return _valued(similarity, units)


def bipartite_matching(
    similarity: Similarity, *, ignore_diagonal: bool = False, goal: Literal["max", "min"] = "max"
) -> Partners:
    """Return the one-to-one pairs whose similarities add up to the most (or the least).

    Dead units take no part; where one network has more living units than the other, some are left over.

    Parameters
    ----------
    similarity
        Of all pairs.
    ignore_diagonal
        Within a network: a unit is not its own partner.
    goal
        ``min`` pairs the least similar: what matching is to be compared with.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = _alive(similarity)
    part = similarity[np.ix_(rows, columns)]
    if ignore_diagonal:
        worst = -2.0 - 2 * len(part) if goal == "max" else 2.0 + 2 * len(part)
        part = np.where(rows[:, None] == columns, worst, part)
    one, two = linear_sum_assignment(part, maximize=goal == "max")
    units = np.full(len(similarity), NOBODY, np.int64)
    units[rows[one]] = columns[two]
    if ignore_diagonal:
        units[units == np.arange(len(units))] = NOBODY
    return _valued(similarity, units)


def cycles(partners: Int64[NDArray[np.int64], " unit"]) -> list[list[int]]:
    """Return a permutation as its cycles, longest first, each from its lowest unit; units without partner are left out.

    Examples
    --------
    >>> cycles(np.array([1, 0, 2, -1]))
    [[0, 1], [2]]
    """
    left = {unit: int(partner) for unit, partner in enumerate(partners) if partner != NOBODY}
    found = []
    while left:
        start = min(left)
        cycle, unit = [], start
        while unit in left:
            cycle.append(unit)
            unit = left.pop(unit)
        if unit == start:
            found.append(cycle)
    return sorted(found, key=lambda each: (-len(each), each[0]))


def reordered(similarity: Similarity, partners: Partners) -> tuple[Similarity, Int64[NDArray[np.int64], " unit"]]:
    """Return a similarity with partners on its diagonal, best pairs first, and the order of rows.

    Living units without a partner come after them, dead ones last, in both networks.
    """
    rows, columns = _alive(similarity)
    paired = np.flatnonzero(partners.unit != NOBODY)
    paired = paired[np.argsort(-partners.value[paired], kind="stable")]
    order = _completed(paired, rows, similarity.shape[0])
    return similarity[order][:, _completed(partners.unit[paired], columns, similarity.shape[1])], order


def _completed(
    first: Int64[NDArray[np.int64], " some"], alive: Int64[NDArray[np.int64], " living"], count: int
) -> Int64[NDArray[np.int64], " unit"]:
    left = np.setdiff1d(alive, first)
    dead = np.setdiff1d(np.arange(count), alive)
    return np.concatenate([first, left, dead]).astype(np.int64)


def _valued(similarity: Similarity, units: Int64[NDArray[np.int64], " unit"]) -> Partners:
    values = np.full(len(units), np.nan)
    paired = units != NOBODY
    values[paired] = similarity[np.flatnonzero(paired), units[paired]]
    return Partners(units, values)


def _alive(similarity: Similarity) -> tuple[Int64[NDArray[np.int64], " row"], Int64[NDArray[np.int64], " column"]]:
    dead = np.isnan(similarity)
    return np.flatnonzero(~dead.all(axis=1)), np.flatnonzero(~dead.all(axis=0))

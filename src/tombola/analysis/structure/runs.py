"""Runs of survivors side by side along the input index, all units at once (sparse-analysis reference, 7.7)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from tombola.analysis.structure.positions import Rows

Values = Float[NDArray[np.floating], "unit input"]


@dataclass(frozen=True)
class Runs:
    """Every run of a layer.

    Attributes
    ----------
    unit
        Whose it is.
    start
        Its first input.
    size
        Survivors in it.
    positive
        Share of its survivors with a positive weight; NaN where weights are not known.
    units
        Units of the layer.
    """

    unit: Int[NDArray[np.int64], " run"]
    start: Int[NDArray[np.int64], " run"]
    size: Int[NDArray[np.int64], " run"]
    positive: Float[NDArray[np.float64], " run"]
    units: int

    @property
    def count(self) -> Int[NDArray[np.int64], " unit"]:
        """Runs of each unit."""
        return np.bincount(self.unit, minlength=self.units)

    @property
    def largest(self) -> Int[NDArray[np.int64], " unit"]:
        """Size of each unit's longest run; 0 for empty units."""
        found = np.zeros(self.units, np.int64)
        np.maximum.at(found, self.unit, self.size)
        return found


@dataclass(frozen=True)
class RunsSna2023:
    """Runs as published.

    Attributes
    ----------
    count
        Of each unit: gaps, and one more if the first two survivors lie side by side; NaN with fewer than two survivors.
    size
        Of each unit: (survivors - 1) / count, rounded half to even; NaN where there are fewer than two runs.
    unit, positive
        For each run of two or more that another survivor follows: whose it is, and its share of positive weights. The
        last run of a unit is lost.
    """

    count: Float[NDArray[np.float64], " unit"]
    size: Float[NDArray[np.float64], " unit"]
    unit: Int[NDArray[np.int64], " run"]
    positive: Float[NDArray[np.float64], " run"]


def find_runs(rows: Rows, values: Values | None = None) -> Runs:
    """Return the maximal runs of adjacent survivors of every unit.

    Parameters
    ----------
    rows
        Which weights remain.
    values
        The weights, for their signs; a survivor that is exactly 0 is not positive.

    Examples
    --------
    >>> find_runs(np.array([[1, 1, 1, 0, 0, 1, 0, 1, 1]], bool)).size
    array([3, 1, 2])
    """
    closed = np.zeros((len(rows), rows.shape[1] + 2), np.int8)
    closed[:, 1:-1] = rows
    change = np.diff(closed, axis=1)
    unit, start = np.nonzero(change == 1)
    size = np.nonzero(change == -1)[1] - start
    positive = np.full(len(unit), np.nan)
    if values is not None:
        before = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows & (values > 0), axis=1)], axis=1)
        positive = (before[unit, start + size] - before[unit, start]) / size
    return Runs(unit, start, size, positive, len(rows))


def find_runs_sna2023(rows: Rows, values: Values | None = None) -> RunsSna2023:
    """Return runs as the sparse-network analysis of 2023 counted them.

    Gaps are counted, not runs: a first survivor on its own is no run. Singles in the middle are.

    Examples
    --------
    >>> found = find_runs_sna2023(np.array([[1, 1, 1, 0, 0, 1, 0, 1, 1]], bool))
    >>> found.count, found.size
    (array([3.]), array([2.]))
    """
    runs, kept = find_runs(rows, values), rows.sum(1)
    first = np.full(len(rows), 0)
    units, places = np.unique(runs.unit, return_index=True)
    first[units] = runs.size[places]
    count = np.where(kept > 1, np.maximum(runs.count - 1, 0) + (first > 1), np.nan)
    size = np.full(len(rows), np.nan)
    several: Bool[NDArray[np.bool_], " unit"] = np.nan_to_num(count) >= 2
    size[several] = np.round((kept[several] - 1) / count[several])
    last = np.append(np.diff(runs.unit) != 0, True) if len(runs.unit) else np.zeros(0, bool)
    flushed = (runs.size > 1) & ~last
    return RunsSna2023(count, size, runs.unit[flushed], runs.positive[flushed])

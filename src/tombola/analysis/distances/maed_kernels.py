"""The two sums that MAED divides, for all pairs of units, compiled: only survivors are visited."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from jaxtyping import Float, Int
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
Square = Float[np.ndarray, "unit other"]


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, and keep it on disk."""
    return cast(Function, njit(cache=True, nogil=True)(function))


@compiled
def overlaps(
    rows: Int[np.ndarray, " survivor"],
    columns: Int[np.ndarray, " survivor"],
    values: Float[np.ndarray, " survivor"],
    starts: Int[np.ndarray, " column_and_one"],
    others: Int[np.ndarray, " other_survivor"],
    other_values: Float[np.ndarray, " other_survivor"],
    total: Square,
) -> None:
    """Add min(|a|, |b|) over positions where both have one sign: |a| + |b| - |a - b| is twice that.

    Parameters
    ----------
    rows, columns, values
        Survivors of the first layer.
    starts, others, other_values
        Survivors of the second layer by column: where each column's begin, their rows, their values.
    total
        Where sums are added, one per pair.
    """
    for n in range(len(rows)):
        value, sums = values[n], total[rows[n]]
        for m in range(starts[columns[n]], starts[columns[n] + 1]):
            other = other_values[m]
            if value > 0 and other > 0:
                sums[others[m]] += min(value, other)
            elif value < 0 and other < 0:
                sums[others[m]] -= max(value, other)


@compiled
def absolute_differences(
    one: Float[np.ndarray, "unit input"], two: Float[np.ndarray, "unit input"], total: Float[np.ndarray, " unit"]
) -> None:
    """Add |a - b| over inputs, in float64.

    Parameters
    ----------
    one, two
        Units at equal places.
    total
        Where sums are added, one per unit.
    """
    for u in range(len(one)):
        for i in range(one.shape[1]):
            total[u] += abs(float(one[u, i]) - float(two[u, i]))


@compiled
def farthest(
    up: Float[np.ndarray, "unit input"],
    down: Float[np.ndarray, "other input"],
    up_sums: Float[np.ndarray, "unit input_and_one"],
    down_sums: Float[np.ndarray, "other input_and_one"],
    total: Square,
) -> None:
    """Write the sum of |a - b| for a in ascending and b in descending order.

    The differences ascend, so they change sign once: the sum is all of them less twice those below zero, whose number a
    binary search finds and whose sum is one of prefix sums.

    Parameters
    ----------
    up, down
        Sorted units.
    up_sums, down_sums
        Their prefix sums, from 0.
    total
        Where sums are written, one per pair.
    """
    inputs = up.shape[1]
    for u in range(len(up)):
        for v in range(len(down)):
            low, high = 0, inputs
            while low < high:
                middle = (low + high) // 2
                if up[u, middle] < down[v, middle]:
                    low = middle + 1
                else:
                    high = middle
            below = up_sums[u, low] - down_sums[v, low]
            total[u, v] = up_sums[u, inputs] - down_sums[v, inputs] - 2 * below

"""MAED: how far apart the values of two units are, as a share of the farthest that any order of them could be."""

import numpy as np
from jaxtyping import Float, Int, Shaped

from tombola.analysis.distances.measures import UnitDistance, unit_distances
from tombola.analysis.distances.products import HERE, Compute
from tombola.analysis.distances.units import Units

Rows = Float[np.ndarray, "unit input"]
Square = Float[np.ndarray, "unit other"]


class Values(UnitDistance):
    """MAED: sum of |a - b| over the same sum with a in ascending and b in descending order, the largest possible.

    Sparse-analysis reference, section 7.1. Where both units hold nothing but zeros the distance is 0.
    """

    def pairs(self, one: Units, two: Units) -> Float[np.ndarray, " unit"]:
        """Return the distances of units at equal places."""
        a, b = one.values.astype(np.float64), two.values.astype(np.float64)
        return _ratio(np.abs(a - b).sum(1), np.abs(one.ascending - two.ascending[:, ::-1]).sum(1))

    def matrix(self, one: Units, two: Units, compute: Compute = HERE) -> Square:
        """Return the distances of all pairs; each unit is sorted once, and only survivors are visited."""
        a, b = one.values.astype(np.float64), two.values.astype(np.float64)
        apart = np.abs(a).sum(1)[:, None] + np.abs(b).sum(1) - 2 * _overlap(a, b)
        return _ratio(np.maximum(apart, 0), _farthest(one.ascending, two.ascending))

    def codes(self, units: Units) -> Int[np.ndarray, "unit input"]:
        """Return the bits of every survivor."""
        bits = (units.values + np.float32(0)).view(np.int32).astype(np.int64)  # adding 0 makes -0 and 0 one number
        return np.where(units.keep, bits * 2 + 1, 0)

    def planes(self, units: Units) -> tuple[Shaped[np.ndarray, "unit input"], ...]:
        """Return the weights."""
        return (units.values,)


def _overlap(a: Rows, b: Rows) -> Square:
    """Return the sum of min(|a|, |b|) over positions of one sign."""
    from tombola.analysis.distances.maed_kernels import overlaps

    rows, columns = np.nonzero(a)
    others, other_columns = np.nonzero(b)
    by_column = np.argsort(other_columns, kind="stable")
    others, other_columns = others[by_column], other_columns[by_column]
    starts = np.searchsorted(other_columns, np.arange(a.shape[1] + 1))
    total = np.zeros((len(a), len(b)))
    overlaps(rows, columns, a[rows, columns], starts, others, b[others, other_columns], total)
    return total


def _farthest(up: Rows, other: Rows) -> Square:
    """Return the sum of |ascending a - descending b|, both given in ascending order."""
    from tombola.analysis.distances.maed_kernels import farthest

    down = np.ascontiguousarray(other[:, ::-1])
    up_sums, down_sums = (np.pad(np.cumsum(rows, 1), ((0, 0), (1, 0))) for rows in (up, down))
    total = np.zeros((len(up), len(down)))
    farthest(up, down, up_sums, down_sums, total)
    return total


def _ratio(apart: Float[np.ndarray, "..."], most: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    # the largest possible sum is reached by some pairs, and rounding may carry the ratio over 1 there
    return np.minimum(np.where(most > 0, apart / np.where(most > 0, most, 1), 0.0), 1.0)


unit_distances.register("maed")(Values())

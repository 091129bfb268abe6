"""MAED: how far apart the values of two units are, as a share of the farthest that any order of them could be."""

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

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
        return _ratio(_apart(one, two), _most(one, two))

    def pairs_and_whole(self, one: Units, two: Units) -> tuple[Float[np.ndarray, " unit"], float]:
        """Return both from one sum of differences; the whole is sorted only where values of one sign meet."""
        apart, most = _apart(one, two), one.magnitudes.sum() + two.magnitudes.sum()
        size = one.shape[0] * one.shape[1]
        if one.positive.sum() + two.positive.sum() > size or one.negative.sum() + two.negative.sum() > size:
            most = _most(one.whole(), two.whole())[0]
        return _ratio(apart, _most(one, two)), float(_ratio(apart.sum(), most))

    def matrix(self, one: Units, two: Units, compute: Compute = HERE) -> Square:
        """Return the distances of all pairs; each unit is sorted once, and only survivors are visited."""
        sums = one.magnitudes[:, None] + two.magnitudes
        apart = sums - 2 * _overlap(one.values, two.values)
        meeting = _meeting(one, two, every=True)
        return _ratio(np.maximum(apart, 0), _farthest(one.ascending, two.ascending) if meeting.any() else sums)

    def codes(self, units: Units) -> Int[np.ndarray, "unit input"]:
        """Return the bits of every survivor."""
        bits = (units.values + np.float32(0)).view(np.int32).astype(np.int64)  # adding 0 makes -0 and 0 one number
        return np.where(units.keep, bits * 2 + 1, 0)

    def planes(self, units: Units) -> tuple[Shaped[np.ndarray, "unit input"], ...]:
        """Return the weights."""
        return (units.values,)


def _apart(one: Units, two: Units) -> Float[np.ndarray, " unit"]:
    """Return the sum of |a - b| for units at equal places."""
    from tombola.analysis.distances.maed_kernels import absolute_differences

    total = np.zeros(len(one))
    absolute_differences(np.ascontiguousarray(one.values), np.ascontiguousarray(two.values), total)
    return total


def _most(one: Units, two: Units) -> Float[np.ndarray, " unit"]:
    """Return the largest sum of |a - b| that any order of the values could give, for units at equal places."""
    most: Float[np.ndarray, " unit"] = one.magnitudes + two.magnitudes
    meeting = _meeting(one, two)
    if meeting.any():
        most[meeting] = np.abs(one.ascending[meeting] - two.ascending[meeting, ::-1]).sum(1)
    return most


def _meeting(one: Units, two: Units, *, every: bool = False) -> Bool[np.ndarray, "..."]:
    """Return whether values of one sign meet where one unit ascends and the other descends.

    They do if there are more of that sign than inputs, in both units together. Where none meet, the two sums of
    magnitudes add up: |a - b| = |a| + |b| for values that are not both positive, nor both negative.

    Parameters
    ----------
    one, two
        The units.
    every
        For all pairs, rather than for units at equal places.
    """
    inputs, (positive, negative) = one.shape[1], (one.positive, one.negative)
    if every:
        positive, negative = positive[:, None], negative[:, None]
    return np.asarray((positive + two.positive > inputs) | (negative + two.negative > inputs))


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

"""Distances between two units, and between all units of two layers at once.

Sparse-analysis reference, section 7.1, and signs reference, section 12.1. All lie in [0, 1]; two units without any
survivor are at distance 0, and who averages decides whether such pairs count.
"""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float, Int, Shaped

from tombola.analysis.distances.products import HERE, Compute, product
from tombola.analysis.distances.units import Units
from tombola.registry import Registry


class UnitDistance(ABC):
    """A distance between units, in the three forms that alignment and averaging need."""

    @abstractmethod
    def pairs(self, one: Units, two: Units) -> Float[np.ndarray, " unit"]:
        """Return the distance of each unit of one layer to the unit at the same place of the other."""

    @abstractmethod
    def matrix(self, one: Units, two: Units, compute: Compute = HERE) -> Float[np.ndarray, "unit other"]:
        """Return the distances of all units of one layer to all units of the other."""

    @abstractmethod
    def codes(self, units: Units) -> Int[np.ndarray, "unit input"]:
        """Return what the distance sees of every weight, as whole numbers: 0 where pruned, else not 0."""

    @abstractmethod
    def planes(self, units: Units) -> tuple[Shaped[np.ndarray, "unit input"], ...]:
        """Return matrices whose products, summed, say how alike units are: linear, for weight matching."""

    def between(self, one: Units, two: Units) -> float:
        """Return the distance of two layers taken as one long unit each (pooled)."""
        return float(self.pairs(one.whole(), two.whole())[0])

    def pairs_and_whole(self, one: Units, two: Units) -> tuple[Float[np.ndarray, " unit"], float]:
        """Return `pairs` and `between` of the same units."""
        return self.pairs(one, two), self.between(one, two)


unit_distances: Registry[UnitDistance] = Registry("unit distance")


class Counted(UnitDistance):
    """A distance that is 1 - (positions alike) / (positions that either unit keeps)."""

    @abstractmethod
    def alike(self, one: Units, two: Units) -> Int[np.ndarray, " unit"]:
        """Return the number of positions that are alike in units at equal places."""

    def pairs(self, one: Units, two: Units) -> Float[np.ndarray, " unit"]:
        """Return 1 - alike / either for units at equal places."""
        return _share_apart(self.alike(one, two), _either(one, two))

    def between(self, one: Units, two: Units) -> float:
        """Return 1 - alike / either of all units together."""
        return self.pairs_and_whole(one, two)[1]

    def pairs_and_whole(self, one: Units, two: Units) -> tuple[Float[np.ndarray, " unit"], float]:
        """Return both from one count."""
        alike, either = self.alike(one, two), _either(one, two)
        return _share_apart(alike, either), float(_share_apart(alike.sum(), either.sum()))


class Supports(Counted):
    """NED, the normalised edit distance of supports: the share of kept positions that only one unit keeps.

    Basis of NNSTD (Liu et al. 2020, Topological insights into sparse neural networks); signs are not looked at.
    """

    def alike(self, one: Units, two: Units) -> Int[np.ndarray, " unit"]:
        """Return the number of positions that both keep."""
        return _both(one, two)

    def matrix(self, one: Units, two: Units, compute: Compute = HERE) -> Float[np.ndarray, "unit other"]:
        """Return 1 - |A and B| / |A or B| for all pairs, by one matrix product."""
        both = product(one.keep, two.keep, compute)
        return _share_apart(both, one.sizes[:, None] + two.sizes - both)

    def codes(self, units: Units) -> Int[np.ndarray, "unit input"]:
        """Return 1 where kept."""
        return units.keep.astype(np.int64)

    def planes(self, units: Units) -> tuple[Shaped[np.ndarray, "unit input"], ...]:
        """Return the support."""
        return (units.keep,)


class SignedSupports(Counted):
    """SaSD, the sign-aware distance: the share of positions kept by either unit that are not kept alike by both.

    Alike is both positive or both negative; opposite signs at one position count as different once, and so does a
    survivor that is exactly 0.
    """

    def alike(self, one: Units, two: Units) -> Int[np.ndarray, " unit"]:
        """Return the number of positions of equal sign."""
        return np.asarray(np.count_nonzero((one.signs == two.signs) & (one.signs != 0), axis=1))

    def matrix(self, one: Units, two: Units, compute: Compute = HERE) -> Float[np.ndarray, "unit other"]:
        """Return 1 - (positions of equal sign) / |A or B| for all pairs, by matrix products.

        Three of them: supports, positive and negative survivors. Where no survivor is exactly 0 two do, as equal less
        opposite signs is the product of signs, and equal and opposite ones together are the shared support.
        """
        both = product(one.keep, two.keep, compute)
        if one.signed and two.signed:
            same = (both + product(one.signs, two.signs, compute)) / 2
        else:
            (positive, negative), (other_positive, other_negative) = self.planes(one), self.planes(two)
            same = product(positive, other_positive, compute) + product(negative, other_negative, compute)
        return _share_apart(same, one.sizes[:, None] + two.sizes - both)

    def codes(self, units: Units) -> Int[np.ndarray, "unit input"]:
        """Return 1, 2 or 3 for negative, zero and positive survivors."""
        return np.where(units.keep, units.signs.astype(np.int64) + 2, 0)

    def planes(self, units: Units) -> tuple[Shaped[np.ndarray, "unit input"], ...]:
        """Return positive and negative survivors."""
        return units.signs > 0, units.signs < 0


def _both(one: Units, two: Units) -> Int[np.ndarray, " unit"]:
    return np.asarray(np.count_nonzero(one.keep & two.keep, axis=1))


def _either(one: Units, two: Units) -> Int[np.ndarray, " unit"]:
    return np.asarray(one.sizes + two.sizes - _both(one, two))


def _share_apart(alike: Shaped[np.ndarray, "..."], either: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return 1 - alike / either, 0 where neither unit keeps anything."""
    either = np.asarray(either, np.float64)
    return np.where(either > 0, (either - alike) / np.where(either > 0, either, 1), 0.0)


unit_distances.register("ned")(Supports())
unit_distances.register("sasd")(SignedSupports())

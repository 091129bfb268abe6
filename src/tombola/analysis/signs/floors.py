"""The finite-sample floor of a distance: what it comes to between two random halves of the two samples, pooled."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPLITS = 100
SEED = 0
HIGH = 0.95


@dataclass(frozen=True)
class Floor:
    """What a distance comes to where nothing but chance tells two samples of these sizes apart.

    Attributes
    ----------
    mean, high
        Mean and 95th percentile over random splits of the pooled sample at the same two sizes.
    """

    mean: float
    high: float


NO_FLOOR = Floor(np.nan, np.nan)


@dataclass(eq=False)
class Splits:
    """Random splits of pooled samples in two, drawn once for each size and used for every pair of that size.

    Attributes
    ----------
    number
        How many; none for no floors.
    seed
        Of the draws.
    """

    number: int = SPLITS
    seed: int = SEED
    _ranks: dict[int, NDArray[np.intp]] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.number > 0

    def firsts(self, first: int, second: int) -> Bool[np.ndarray, "split unit"]:
        """Return which of ``first + second`` pooled units belong to the first sample, split by split.

        The smaller sample is the one that is drawn, so both orders give the same splits.
        """
        n, fewer = first + second, min(first, second)
        if n not in self._ranks:
            self._ranks[n] = np.random.default_rng([self.seed, n]).random((self.number, n)).argsort(axis=1)
        drawn = np.zeros((self.number, n), bool)
        np.put_along_axis(drawn, self._ranks[n][:, :fewer], True, axis=1)
        return drawn if first <= second else ~drawn


def floor_of(distances: Array) -> Floor:
    """Return mean and 95th percentile of a distance over splits; NaN if it is undefined in every split."""
    known = distances[~np.isnan(distances)]
    if not len(known):
        return NO_FLOOR
    if np.isinf(known).any():
        return Floor(float(known.mean()), float(np.sort(known)[int(np.ceil(HIGH * len(known))) - 1]))
    return Floor(float(known.mean()), float(np.quantile(known, HIGH)))

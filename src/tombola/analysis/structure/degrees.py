"""Degrees: how many survivors enter and leave units, beside a layer whose survivors lie at random."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray


@dataclass(frozen=True)
class Degrees:
    """Degrees of one layer.

    Attributes
    ----------
    entering
        Survivors of each unit.
    leaving
        Survivors that read each input: a feature of a linear layer, a channel of a convolution.
    most
        The largest possible degrees: entering, leaving.
    density
        Of the layer.
    """

    entering: Int[NDArray[np.int64], " unit"]
    leaving: Int[NDArray[np.int64], " input"]
    most: tuple[int, int]
    density: float

    @property
    def dispersion(self) -> tuple[float, float]:
        """Variance of the degrees over that of a random layer of equal density, entering and leaving.

        1 is chance; more means that survivors gather in few units, less that they are spread evenly. NaN where chance
        has no variance.
        """
        chance = [most * self.density * (1 - self.density) for most in self.most]
        found = [
            float(degrees.var() / expected) if expected > 0 and degrees.size else float("nan")
            for degrees, expected in zip((self.entering, self.leaving), chance, strict=True)
        ]
        return found[0], found[1]


def degrees(keep: Bool[NDArray[np.bool_], "unit input ..."]) -> Degrees:
    """Return the degrees of a layer."""
    taps = int(np.prod(keep.shape[2:]))
    flat = keep.reshape(*keep.shape[:2], taps)
    return Degrees(
        entering=flat.sum((1, 2)),
        leaving=flat.sum((0, 2)),
        most=(keep.shape[1] * taps, keep.shape[0] * taps),
        density=float(keep.mean()) if keep.size else 0.0,
    )

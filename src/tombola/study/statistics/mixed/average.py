"""What the mixed model says of the average worker and image: shares over the population, not of its middle.

A vote of a worker and an image without effects is for A with the log odds β0. Over all workers and images shares are
nearer to one half, because where everybody agrees already an effect changes nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # its parts are loaded where they are first used
from jaxtyping import Float

from tombola.study.statistics.clustered import two_sided
from tombola.study.statistics.mixed.crossed import Array
from tombola.study.statistics.mixed.vote import FIRST, NEITHER_OF_THEM, SECOND, chances

NODES: Final = 40
"""Of Gauss-Hermite quadrature, in each of the two directions."""
STEP: Final = 1e-5


@dataclass(frozen=True)
class Average:
    """Shares over workers and images.

    Attributes
    ----------
    share
        Of A among decided votes. Pairs of worker and image that decide more often count more, as they do among votes.
    low, high
        95 % interval of it, from the errors of all parameters (delta method on log odds).
    ties
        Share of votes for neither.
    """

    share: float
    low: float
    high: float
    ties: float


def average(at: Float[np.ndarray, " 6"], covariance: Float[np.ndarray, "6 6"]) -> Average:
    """Return the shares that parameters imply.

    Parameters
    ----------
    at
        β0, δ0 and standard deviations: worker β, worker δ, image β, image δ.
    covariance
        Of these.
    """
    steps = STEP * np.eye(len(at))
    slope = np.array([_log_odds(at + step) - _log_odds(at - step) for step in steps]) / (2 * STEP)
    middle = _log_odds(at)
    low, high, _, _ = two_sided(middle, float(np.sqrt(slope @ covariance @ slope)))
    share, low, high = (float(each) for each in scipy.special.expit([middle, low, high]))
    return Average(share, low, high, float(_over_population(at)[NEITHER_OF_THEM]))


def _log_odds(at: Array) -> float:
    likely = _over_population(at)
    return float(np.log(likely[FIRST] / likely[SECOND]))


def _over_population(at: Array) -> Array:
    """Return the chances of A, B and neither, averaged over both effects on β and both on δ."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    preference = at[0] + np.hypot(at[2], at[4]) * nodes
    decision = at[1] + np.hypot(at[3], at[5]) * nodes
    each = chances(np.stack(np.meshgrid(preference, decision, indexing="ij"), -1))
    weights = weights / weights.sum()
    found: Array = np.einsum("i,j,ijk->k", weights, weights, each)
    return found

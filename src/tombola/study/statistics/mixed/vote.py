"""One vote for A, B or neither, and the slopes of its likelihood.

A vote has a preference β, the log odds of A against B once it is decided, and a propensity to decide δ: the utilities
of A, B and neither are δ + β/2, δ - β/2 and 0, and a choice has a chance proportional to exp(utility). Exchanging A and
B turns β round and leaves δ.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

UTILITY: Final = np.array([[0.5, 1.0], [-0.5, 1.0], [0.0, 0.0]])
"""Utility of A, B, neither per unit of (β, δ)."""
FIRST, SECOND, NEITHER_OF_THEM = range(3)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Slopes:
    """Log-likelihood of votes and its derivatives in (β, δ).

    Attributes
    ----------
    chances
        Of A, B and neither.
    away
        Utilities per unit less their mean over the three choices.
    log_likelihood
        Of all votes.
    score
        First derivatives, vote by vote.
    information
        Second derivatives with their sign turned: the covariance of the utilities per unit. It does not depend on what
        was chosen.
    """

    chances: Float[np.ndarray, "vote choice"]
    away: Float[np.ndarray, "vote choice 2"]
    log_likelihood: float
    score: Float[np.ndarray, "vote 2"]
    information: Float[np.ndarray, "vote 2 2"]

    def trace_slope(self, covariance: Float[np.ndarray, "vote 2 2"]) -> Float[np.ndarray, "vote 2"]:
        """Return the derivatives in (β, δ) of trace(information · covariance), vote by vote.

        The derivative of a covariance of choices is their third central moment.
        """
        spread = np.einsum("vka,vab,vkb->vk", self.away, covariance, self.away)
        found: Array = np.einsum("vk,vk,vkc->vc", self.chances, spread, self.away)
        return found


def chances(at: Float[np.ndarray, "*any 2"]) -> Float[np.ndarray, "*any choice"]:
    """Return the chances of A, B and neither at (β, δ)."""
    utility = at @ UTILITY.T
    odds = np.exp(utility - utility.max(-1, keepdims=True))
    found: Array = odds / odds.sum(-1, keepdims=True)
    return found


def slopes(at: Float[np.ndarray, "vote 2"], choice: Int[np.ndarray, " vote"]) -> Slopes:
    """Return the log-likelihood of votes with its derivatives.

    Parameters
    ----------
    at
        β and δ of every vote.
    choice
        0 for A, 1 for B, 2 for neither.
    """
    likely = chances(at)
    away = UTILITY - (likely @ UTILITY)[:, None, :]
    vote = np.arange(len(choice))
    value = float(np.log(np.maximum(likely[vote, choice], 1e-300)).sum())
    information = np.einsum("vk,vka,vkb->vab", likely, away, away)
    return Slopes(likely, away, value, away[vote, choice], information)

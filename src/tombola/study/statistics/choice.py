"""Models of choices: the likelihood of which outcome each vote had, its maximum, and what that is worth.

Bradley-Terry and Davidson are both this: votes of one question have a few outcomes, each with a utility that is linear
in the parameters, and P(outcome) is proportional to exp(utility). The log-likelihood is concave, so Newton finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.study.statistics.covariance import Groups, two_way_covariance

STEPS: Final = 200
TOLERANCE: Final = 1e-12
FAR: Final = 30.0
"""A log-strength that no data determine: exp(30) is beyond any count."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Question:
    """Votes that chose among the same outcomes.

    Attributes
    ----------
    design
        Utility of each outcome per unit of each parameter.
    counts
        How many votes had each outcome.
    """

    design: Float[np.ndarray, "outcome parameter"]
    counts: Float[np.ndarray, " outcome"]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model of choices.

    Attributes
    ----------
    parameters
        Maximum-likelihood estimates.
    information
        Observed information there; its inverse is the covariance if votes are independent.
    log_likelihood
        At the maximum.
    chi2, df, p
        Pearson's goodness of fit over all outcomes of all questions; with df = 0 the model fits anything.
    """

    parameters: Float[np.ndarray, " parameter"]
    information: Float[np.ndarray, "parameter parameter"]
    log_likelihood: float
    chi2: float
    df: int
    p: float

    @property
    def covariance(self) -> Float[np.ndarray, "parameter parameter"]:
        """Covariance from the observed information."""
        found: Array = np.linalg.inv(self.information)
        return found


def fit_choices(questions: Sequence[Question]) -> Fit:
    """Return the maximum of the likelihood, by Newton's method with halved steps where a full one goes too far.

    Raises
    ------
    TombolaError
        If the votes do not determine the parameters: a condition that never lost (or never won), or conditions that
        no chain of comparisons connects.
    """
    at = np.zeros(questions[0].design.shape[1])
    value = _log_likelihood(questions, at)
    for _ in range(STEPS):
        gradient, information = _slope(questions, at)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise TombolaError(UNDETERMINED) from None
        scale = 1.0
        while (reached := _log_likelihood(questions, at + scale * step)) < value - 1e-9 and scale > 1e-8:
            scale /= 2
        at, value = at + scale * step, reached
        if np.abs(at).max(initial=0.0) > FAR:
            raise TombolaError(UNDETERMINED)
        if np.abs(step).max(initial=0.0) < TOLERANCE:
            break
    information = _slope(questions, at)[1]
    if len(at) and np.linalg.cond(information) > 1e12:
        raise TombolaError(UNDETERMINED)
    chi2, df = _goodness(questions, at)
    p = float(scipy.stats.chi2.sf(chi2, df)) if df > 0 else np.nan
    return Fit(at, information, value, chi2, df, p)


UNDETERMINED: Final = (
    "strengths are not determined by these votes: a condition never lost or never won, or no chain of comparisons "
    "connects all conditions; leave that condition out, or collect more answers"
)


def sandwich(
    questions: Sequence[Question],
    found: Fit,
    question: Int[np.ndarray, " vote"],
    outcome: Int[np.ndarray, " vote"],
    worker: Groups,
    image: Groups,
    *,
    cr1: bool = False,
) -> tuple[Float[np.ndarray, "parameter parameter"], bool]:
    """Return the covariance clustered by worker and image, and whether its sum was no covariance (11.1).

    Parameters
    ----------
    questions, found
        The model and its fit.
    question, outcome
        Which question each vote answered, and how.
    worker, image, cr1
        As in `tombola.study.statistics.clustered`.
    """
    surprise = [each.design - _chances(each, found.parameters) @ each.design for each in questions]
    scores = np.zeros((len(question), len(found.parameters)))
    for number, parts in enumerate(surprise):
        mine = question == number
        scores[mine] = parts[outcome[mine]]
    return two_way_covariance(scores @ found.covariance, worker, image, cr1=cr1)


def _chances(question: Question, at: Array) -> Array:
    utility = question.design @ at
    odds = np.exp(utility - utility.max())
    chances: Array = odds / odds.sum()
    return chances


def _log_likelihood(questions: Sequence[Question], at: Array) -> float:
    return float(sum(each.counts @ np.log(np.maximum(_chances(each, at), 1e-300)) for each in questions))


def _slope(questions: Sequence[Question], at: Array) -> tuple[Array, Array]:
    gradient, information = np.zeros(len(at)), np.zeros((len(at), len(at)))
    for each in questions:
        chances = _chances(each, at)
        gradient += each.design.T @ (each.counts - each.counts.sum() * chances)
        spread = np.diag(chances) - np.outer(chances, chances)
        information += each.counts.sum() * each.design.T @ spread @ each.design
    return gradient, information


def _goodness(questions: Sequence[Question], at: Array) -> tuple[float, int]:
    chi2, free = 0.0, 0
    for each in questions:
        expected = each.counts.sum() * _chances(each, at)
        chi2 += float(((each.counts - expected) ** 2 / expected).sum())
        free += len(each.counts) - 1
    return chi2, free - len(at)

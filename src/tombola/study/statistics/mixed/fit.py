"""Preference and propensity to decide of one pair, with effects of workers and images on both.

Reference: explainability 11.4, last sentence: a mixed multinomial model.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from tombola.errors import TombolaError
from tombola.study.statistics.covariance import Groups
from tombola.study.statistics.mixed.crossed import Array, Crossing, crossing
from tombola.study.statistics.mixed.laplace import approximate
from tombola.study.statistics.mixed.maximum import Function, maximise
from tombola.study.statistics.mixed.vote import FIRST, NEITHER_OF_THEM, SECOND
from tombola.study.statistics.votes import Pair, codes, of_pair

NAMES: Final = (
    *("preference", "decision", "worker_preference_sd", "worker_decision_sd"),
    *("image_preference_sd", "image_decision_sd"),
)
SDS: Final = np.array([name.endswith("_sd") for name in NAMES])
DECISION: Final = np.array(["decision" in name for name in NAMES])
START_SD: Final = 0.5
ALWAYS: Final = 40.0
"""A propensity at which everybody decides: exp(-40) is below rounding."""
FAR: Final = 20.0
"""A parameter that no data determine, on the scale of log odds."""
UNDETERMINED: Final = (
    "the answers to {pair} do not determine a mixed model: those of a participant, or about an image, hardly ever "
    "differ; collect more answers"
)


@dataclass(frozen=True, eq=False)
class Mixed:
    """The mixed multinomial model of one pair, fitted.

    Attributes
    ----------
    at
        Estimates, in the order of `NAMES`. Where nobody chose neither, the propensity to decide is held where everybody
        does, and its standard deviations at 0.
    searched
        Which of them were estimated.
    covariance
        Inverse of the observed information of the approximated marginal likelihood in all parameters together, so that
        errors hold what is not known of the standard deviations. 0 for a standard deviation estimated as 0: errors of
        the others take it for known.
    log_likelihood
        At the maximum; a vote's chances make it, with no constant left out.
    choices
        Votes for the first, for the second, for neither.
    workers, images
        How many there are.
    converged
        Whether the maximum was found.
    likelihood
        Parameters -> approximated log-likelihood and its gradient.
    """

    at: Float[np.ndarray, " 6"]
    searched: Bool[np.ndarray, " 6"]
    covariance: Float[np.ndarray, "6 6"]
    log_likelihood: float
    choices: Int[np.ndarray, " 3"]
    workers: int
    images: int
    converged: bool
    likelihood: Function

    def __getitem__(self, name: str) -> float:
        """Return an estimate by name; NaN where it is held."""
        place = NAMES.index(name)
        return float(self.at[place]) if self.searched[place] else float("nan")

    def se(self, name: str) -> float:
        """Return the standard error of a parameter; NaN for what is held or at the boundary."""
        variance = self.covariance[NAMES.index(name), NAMES.index(name)]
        return float(np.sqrt(variance)) if variance > 0 else float("nan")


def mixed_multinomial(answers: pd.DataFrame, pair: Pair) -> Mixed:
    """Return the mixed multinomial model of one pair, by maximum likelihood with Laplace's approximation.

    A worker's vote on an image is for A, B or neither with chances proportional to exp(δ + β/2), exp(δ - β/2) and 1.
    The preference β = β0 + worker + image is the log odds of A among decided votes; δ = δ0 + worker + image is the
    propensity to decide. The four effects are independent and normal, with a standard deviation each.

    Parameters
    ----------
    answers
        The tidy frame; main answers to the pair count.
    pair
        Which conditions; β is that of the first against the second.

    Raises
    ------
    TombolaError
        If these answers do not determine the model.
    """
    mine = of_pair(answers, pair)
    choice = np.full(len(mine), NEITHER_OF_THEM)
    for number, name in ((FIRST, pair.first), (SECOND, pair.second)):
        choice[(mine.answer == name).to_numpy(bool)] = number
    worker, image = codes(mine.participant), codes(mine.image)
    counts = np.bincount(choice, minlength=3)
    _check(pair, counts, worker, image)
    likelihood = likelihood_of(choice, worker, image)
    free = np.ones(len(NAMES), bool) if counts[NEITHER_OF_THEM] else ~DECISION
    try:
        found = maximise(likelihood, _start(counts), free, SDS)
    except np.linalg.LinAlgError:  # of parameters beyond all bounds
        raise TombolaError(UNDETERMINED.format(pair=pair.label)) from None
    if np.abs(found.at[free]).max() > FAR:
        raise TombolaError(UNDETERMINED.format(pair=pair.label))
    members = (int(worker.max()) + 1, int(image.max()) + 1)
    return Mixed(found.at, free, found.covariance, found.value, counts, *members, found.found, likelihood)


def likelihood_of(choice: Int[np.ndarray, " vote"], worker: Groups, image: Groups) -> Function:
    """Return the approximated log-likelihood, with its gradient, as a function of the parameters `NAMES`.

    Parameters
    ----------
    choice
        0 for A, 1 for B, 2 for neither.
    worker, image
        Numbers from 0.
    """
    turned = worker.max() > image.max()
    votes, order = crossing(image, worker) if turned else crossing(worker, image)
    place = np.array([0, 1, 4, 5, 2, 3] if turned else range(6))
    return _remembering(votes, choice[order], place)


def _remembering(votes: Crossing, choice: Int[np.ndarray, " vote"], place: Int[np.ndarray, " 6"]) -> Function:
    """Return the function; the next search for a mode begins where the last one ended."""
    last: list[Array] = []

    def likelihood(at: Array) -> tuple[float, Array]:
        found = approximate(votes, choice, at[place], last[0] if last else None)
        last[:] = [found.mode]
        return found.log_likelihood, found.gradient[place]

    return likelihood


def _start(counts: Int[np.ndarray, " 3"]) -> Array:
    """Return the parameters to begin with: those of votes that are all independent, and some spread."""
    first, second, neither = np.log(np.maximum(counts, 1))
    decision = (first + second) / 2 - neither if counts[NEITHER_OF_THEM] else ALWAYS
    spread = np.where(DECISION & (counts[NEITHER_OF_THEM] == 0), 0.0, START_SD)
    return np.where(SDS, spread, np.array([first - second, decision, 0, 0, 0, 0]))


def _check(pair: Pair, counts: Int[np.ndarray, " 3"], worker: Groups, image: Groups) -> None:
    """Raise one sentence where there is nothing to estimate."""
    if not counts[[FIRST, SECOND]].sum():
        raise TombolaError(f"no answer to {pair.label} prefers either, so there is no preference to estimate")
    for number, name in ((FIRST, pair.second), (SECOND, pair.first)):
        if not counts[number]:
            raise TombolaError(f"all decided votes of {pair.label} are for {name}: their log odds have no bound")
    for members, what in ((worker, "participant"), (image, "image")):
        answers = np.bincount(members)
        if len(answers) < 2:
            raise TombolaError(f"all answers to {pair.label} are of one {what}; a mixed model needs several")
        if answers.max() < 2:
            raise TombolaError(
                f"each {what} has one answer to {pair.label}, so what {what}s differ by cannot be told from chance"
            )

"""Strengths of conditions from pairwise votes: Bradley-Terry without ties, Davidson with them.

Reference: explainability 11.4; Bradley & Terry 1952; Davidson 1970, On extending the Bradley-Terry model to accommodate
ties in paired comparison experiments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.errors import TombolaError, nearest
from tombola.study.statistics.choice import Fit, Question, fit_choices, sandwich
from tombola.study.statistics.clustered import CONFIDENCE, two_sided
from tombola.study.statistics.contingency import contingency
from tombola.study.statistics.votes import Pair, PairsGiven, codes, condition_order, of_pair, pairs_of
from tombola.study.trial import NEITHER

TieRates = Literal["one", "per-pair"]

COLUMNS: Final = (
    *("model", "parameter", "kind", "estimate", "se", "clustered_se", "low", "high", "z", "p", "fallback"),
)
SINGLE_NU: Final = (
    "Davidson's model has one tie parameter nu, but tie rates differ between the pairs (χ² {chi2:.3f}, df {df}, "
    "p {p:.2g}): it is misspecified here; read the model with one nu per pair."
)


@dataclass(frozen=True, eq=False)
class Strengths:
    """Strengths on the natural-log scale, the reference condition at 0.

    Attributes
    ----------
    names
        Conditions, the reference left out, then ``nu`` (or ``nu <pair>``) for ties, whose parameter is ln ν.
    values
        Estimates in that order.
    covariance
        From the observed information.
    clustered
        Clustered by worker and image.
    fallback
        Whether the clustered sum was no covariance, so that the larger one-way covariance replaced it.
    fit
        The fitted model with its goodness of fit.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, " parameter"]
    covariance: Float[np.ndarray, "parameter parameter"]
    clustered: Float[np.ndarray, "parameter parameter"]
    fallback: bool
    fit: Fit


def bradley_terry(
    answers: pd.DataFrame, *, pairs: PairsGiven = None, reference: str | None = None, cr1: bool = False
) -> Strengths:
    """Return Bradley-Terry strengths: P(i beats j) = π_i / (π_i + π_j), ties dropped, ln π stated.

    Parameters
    ----------
    answers
        The tidy frame; main pairwise answers count.
    pairs
        As in `pairs_of`.
    reference
        The condition fixed at 0; by default ``nonpruned``, or the first in order where that does not occur.
    cr1
        Small-sample factor of the clustered covariance.

    Raises
    ------
    TombolaError
        If the votes do not determine all strengths, or the reference is no condition.
    """
    return _strengths(answers, pairs, reference, None, cr1)


def davidson(
    answers: pd.DataFrame,
    *,
    pairs: PairsGiven = None,
    reference: str | None = None,
    ties: TieRates = "one",
    cr1: bool = False,
) -> Strengths:
    """Return Davidson strengths: P(i) : P(j) : P(tie) = π_i : π_j : ν √(π_i π_j), ln π and ln ν stated.

    Parameters
    ----------
    answers, pairs, reference, cr1
        As in `bradley_terry`.
    ties
        ``one`` ν for all pairs, which is misspecified where tie rates differ between pairs, or one ``per-pair``. A pair
        without any tie (or without any of the pairs having one) has no ν, and its tie outcome is left out.
    """
    if ties not in ("one", "per-pair"):
        raise TombolaError(f"ties = {ties!r} is neither 'one' nor 'per-pair'")
    return _strengths(answers, pairs, reference, ties, cr1)


def strengths_table(model: str, found: Strengths) -> pd.DataFrame:
    """Return strengths as a table: columns `COLUMNS`, intervals and tests from the clustered standard errors.

    ``kind`` is ``strength`` (against the reference at 0) or ``tie`` (ln ν, tested against 0, that is ν = 1).
    """
    rows = []
    for i, name in enumerate(found.names):
        se, clustered = (float(np.sqrt(part[i, i])) for part in (found.covariance, found.clustered))
        value, kind = float(found.values[i]), "tie" if name.split(" ")[0] == "nu" else "strength"
        low, high, z, p = two_sided(value, clustered, CONFIDENCE)
        rows.append((model, name, kind, value, se, clustered, low, high, z, p, found.fallback))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tie_rates_differ(answers: pd.DataFrame, pairs: PairsGiven = None) -> tuple[float, int, float]:
    """Return Pearson's χ², df and p of "all pairs have the same tie rate"; NaN with one pair."""
    parts = [of_pair(answers, pair).answer == NEITHER for pair in pairs_of(answers, pairs)]
    found = contingency([[int(part.sum()), int((~part).sum())] for part in parts] or [[0, 0]])
    return found.statistic, found.df, found.p


def _strengths(
    answers: pd.DataFrame, given: PairsGiven, reference: str | None, ties: TieRates | None, cr1: bool
) -> Strengths:
    pairs = [pair for pair in pairs_of(answers, given) if len(of_pair(answers, pair))]
    names = condition_order(name for pair in pairs for name in (pair.first, pair.second))
    if not names:
        raise TombolaError("there are no pairwise answers to take strengths from")
    if reference is not None and reference not in names:
        raise TombolaError(f"reference '{reference}' is no condition of these answers{nearest(reference, names)}")
    zero = reference or ("nonpruned" if "nonpruned" in names else names[0])
    free = [name for name in names if name != zero]
    votes = [of_pair(answers, pair) for pair in pairs]
    tied = [ties is not None and bool((part.answer == NEITHER).any()) for part in votes]
    labels = _tie_labels(pairs, tied, ties)
    parameters = [*free, *dict.fromkeys(label for label in labels if label)]
    questions, outcomes = [], []
    for pair, part, label in zip(pairs, votes, labels, strict=True):
        chosen = [pair.first, pair.second, *([NEITHER] if label else [])]
        outcome = part.answer.map({name: i for i, name in enumerate(chosen)}).fillna(-1).to_numpy(np.int64)
        counts = np.bincount(outcome[outcome >= 0], minlength=len(chosen)).astype(np.float64)
        questions.append(Question(_design(pair, label, parameters), counts))
        outcomes.append(outcome)
    fit = fit_choices(questions)
    everything = pd.concat(votes, ignore_index=True)
    outcome = np.concatenate(outcomes)
    question = np.repeat(np.arange(len(votes)), [len(part) for part in votes])
    used = outcome >= 0
    groups = (codes(everything.participant)[used], codes(everything.image)[used])
    clustered, fallback = sandwich(questions, fit, question[used], outcome[used], *groups, cr1=cr1)
    return Strengths(tuple(parameters), fit.parameters, fit.covariance, clustered, fallback, fit)


def _tie_labels(pairs: Sequence[Pair], tied: Sequence[bool], ties: TieRates | None) -> list[str]:
    """Return the tie parameter of each pair; "" where it has none."""
    if ties == "one":
        return ["nu" if any(tied) else ""] * len(pairs)
    return [f"nu {pair.label}" if has else "" for pair, has in zip(pairs, tied, strict=True)]


def _design(pair: Pair, label: str, parameters: Sequence[str]) -> NDArray[np.float64]:
    """Return utilities of (first, second[, tie]): ln π_i, ln π_j, ln ν + (ln π_i + ln π_j) / 2."""
    first, second, tie = (
        np.array([float(name == each) for each in parameters]) for name in (pair.first, pair.second, label)
    )
    rows = [first, second, *([tie + (first + second) / 2] if label else [])]
    return np.stack(rows)

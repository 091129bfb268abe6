"""Votes of pairwise trials: which pairs there are, who is named first, and decisive votes as arrays."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.study.answers import of_task
from tombola.study.files.pictures import CONDITIONS
from tombola.study.trial import NEITHER

PUBLISHED_PAIRS: Final = (("2pruned", "nonpruned"), ("nonpruned", "32pruned"), ("2pruned", "32pruned"))
"""The pairs of the published study, A first (reference: explainability 10.2)."""

PairsGiven = Sequence[tuple[str, str]] | None


@dataclass(frozen=True)
class Pair:
    """Two conditions that were compared; the first is the one whose share is stated.

    Attributes
    ----------
    first, second
        A and B of "A v B".
    """

    first: str
    second: str

    @property
    def label(self) -> str:
        """``A v B``."""
        return f"{self.first} v {self.second}"


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes as arrays of equal length.

    Attributes
    ----------
    y
        1 where the first condition of the pair won, 0 where the second did.
    worker, image
        Numbers from 0 in place of participants and images.
    """

    y: Float[np.ndarray, " vote"]
    worker: Int[np.ndarray, " vote"]
    image: Int[np.ndarray, " vote"]

    @property
    def n(self) -> int:
        """How many votes."""
        return len(self.y)


def condition_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return conditions in a fixed order: the published one if all are published, else by name, numbers by value."""
    found = set(names)
    if found <= set(CONDITIONS):
        return tuple(name for name in CONDITIONS if name in found)
    return tuple(sorted(found, key=natural))


def natural(name: str) -> list[tuple[int, float, str]]:
    """Return a key that sorts ``2pruned`` before ``10pruned``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(0, float(part), "") if i % 2 else (1, 0.0, part) for i, part in enumerate(parts) if part]


def pairs_of(answers: pd.DataFrame, pairs: PairsGiven = None) -> list[Pair]:
    """Return the pairs that pairwise answers compare, in order.

    Parameters
    ----------
    answers
        The tidy frame.
    pairs
        Pairs (A, B) as the study declared them; by default those that occur: in the order and direction of the
        published study if all its conditions are, else A before B in `condition_order`.

    Raises
    ------
    TombolaError
        If answers compare a pair that was not declared: it would be left out without a word.
    """
    votes = of_task(answers, "pairwise")
    met = {frozenset(both) for both in votes[["left", "right"]].drop_duplicates().itertuples(index=False)}
    if pairs is not None:
        for both in met:
            if not any(set(pair) == both for pair in pairs):
                raise TombolaError(f"answers compare {' and '.join(sorted(both))}, which is no declared pair")
        return [Pair(*pair) for pair in pairs]
    order = condition_order(name for both in met for name in both)
    if set(order) <= set(CONDITIONS):
        return [Pair(*pair) for pair in PUBLISHED_PAIRS if frozenset(pair) in met]
    return [Pair(a, b) for i, a in enumerate(order) for b in order[i + 1 :] if frozenset((a, b)) in met]


def of_pair(answers: pd.DataFrame, pair: Pair) -> pd.DataFrame:
    """Return the main answers that compare a pair, whichever side each stood on."""
    votes = of_task(answers, "pairwise")
    straight = (votes.left == pair.first) & (votes.right == pair.second)
    turned = (votes.left == pair.second) & (votes.right == pair.first)
    return votes[straight | turned].reset_index(drop=True)


def decisive(answers: pd.DataFrame, pair: Pair) -> Votes:
    """Return the votes for one side of a pair; ties are left out, and must be reported beside."""
    mine = of_pair(answers, pair)
    mine = mine[mine.answer != NEITHER]
    return Votes((mine.answer == pair.first).to_numpy(np.float64), codes(mine.participant), codes(mine.image))


def codes(values: pd.Series) -> NDArray[np.int64]:
    """Return numbers from 0 in place of values, equal where these are."""
    return np.asarray(pd.factorize(values)[0], np.int64)


def pair_counts(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return how often each side of each pair won.

    Columns are ``pair, first, second, votes, first_wins, second_wins, ties, tie_share, first_share``; the share is of
    decisive votes.
    """
    rows = []
    for pair in pairs_of(answers, pairs):
        answer = of_pair(answers, pair).answer
        first, second, ties = (int((answer == name).sum()) for name in (pair.first, pair.second, NEITHER))
        total, decided = first + second + ties, first + second
        shares = (ties / total if total else np.nan, first / decided if decided else np.nan)
        rows.append((pair.label, pair.first, pair.second, total, first, second, ties, *shares))
    return pd.DataFrame(rows, columns=list(PAIR_COUNTS))


PAIR_COUNTS: Final = (
    *("pair", "first", "second", "votes", "first_wins", "second_wins", "ties", "tie_share", "first_share"),
)

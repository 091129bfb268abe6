"""The numbers a study is about: the share of each pair, the difference of each two conditions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import pandas as pd

from tombola.study.answers import of_task
from tombola.study.statistics.clustered import Estimate, clustered_difference, clustered_share
from tombola.study.statistics.recognition import conditions_of
from tombola.study.statistics.votes import Pair, PairsGiven, codes, decisive, of_pair, pairs_of


@dataclass(frozen=True)
class Result:
    """One of the numbers a study is about.

    Attributes
    ----------
    name
        ``share A v B`` or ``recognition A - B``.
    select
        The tidy frame -> the answers the number rests on, ties included.
    estimate
        These answers, and whether to use CR1 -> the number.
    """

    name: str
    select: Callable[[pd.DataFrame], pd.DataFrame]
    estimate: Callable[[pd.DataFrame, bool], Estimate]


def headline(answers: pd.DataFrame, pairs: PairsGiven = None) -> list[Result]:
    """Return the results of a study: the share of each pair, the recognition difference of each two conditions."""
    shares = [
        Result(f"share {pair.label}", partial(of_pair, pair=pair), partial(_share, pair))
        for pair in pairs_of(answers, pairs)
    ]
    differences = [
        Result(f"recognition {first} - {second}", partial(_of_conditions, first, second), partial(_difference, first))
        for first, second in combinations(conditions_of(answers), 2)
    ]
    return [*shares, *differences]


def _share(pair: Pair, answers: pd.DataFrame, cr1: bool) -> Estimate:
    votes = decisive(answers, pair)
    return clustered_share(votes.y, votes.worker, votes.image, cr1=cr1)


def _of_conditions(first: str, second: str, answers: pd.DataFrame) -> pd.DataFrame:
    frame = of_task(answers, "recognition")
    return frame[frame.condition.isin([first, second])].reset_index(drop=True)


def _difference(first: str, frame: pd.DataFrame, cr1: bool) -> Estimate:
    right = (frame.answer == frame.image_class).fillna(False).to_numpy(bool)
    mine = (frame.condition == first).to_numpy(bool)
    return clustered_difference(right, mine, codes(frame.participant), codes(frame.image), cr1=cr1)

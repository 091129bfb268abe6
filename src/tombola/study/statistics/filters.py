"""Quality filters, never applied silently: what the result would be under each. Reference: explainability 11.10."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.study.answers import of_task
from tombola.study.statistics.agreement import gold_accuracy, retests
from tombola.study.statistics.headline import headline
from tombola.study.statistics.votes import PairsGiven

Keep = NDArray[np.bool_]
NOT_MEASURED: Final = "not measured"
NO_ANSWERS: Final = "no answers left"
ONE_WAY: Final = "one-way variance"
COLUMNS: Final = (
    *("filter", "result", "answers", "participants", "excluded_answers", "excluded_participants"),
    *("estimate", "se", "low", "high", "p", "note"),
)
EARNEST: Final = ("main",)


@dataclass(frozen=True)
class Filter:
    """A rule that leaves answers out.

    Attributes
    ----------
    name
        What the table calls it.
    keep
        Frame of answers -> which rows stay; None where it cannot be applied, such as speed without times.
    """

    name: str
    keep: Callable[[pd.DataFrame], Keep | None]


def quality_filters(
    *,
    fastest: float | None = None,
    gold: float = 0.75,
    consistency: float = 0.5,
    busiest: int = 10,
) -> tuple[Filter, ...]:
    """Return the filters of the sensitivity table, the unfiltered result first.

    Parameters
    ----------
    fastest
        Seconds below which an answer was not looked at; by default a third of the task's median time.
    gold
        Share of gold trials a participant must have right.
    consistency
        Share of repeats a participant must have answered as before.
    busiest
        How many of the participants with most answers to leave out.
    """
    quick = "a third of the median" if fastest is None else f"{fastest:g} s"
    return (
        Filter("unfiltered", lambda frame: np.ones(len(frame), bool)),
        Filter(f"not under {quick}", lambda frame: _slow_enough(frame, fastest)),
        Filter(f"gold at least {gold:g}", lambda frame: _gold(frame, gold)),
        Filter(f"repeats alike at least {consistency:g}", lambda frame: _consistent(frame, consistency)),
        Filter(f"without {busiest} busiest", lambda frame: _not_busiest(frame, busiest)),
        Filter("first answer per image", _first_exposure),
        Filter("focus never lost", _focused),
    )


def batch_filters(answers: pd.DataFrame) -> tuple[Filter, ...]:
    """Return one filter per batch, if there are several: pilot answers are not pooled unseen (defect B16)."""
    names = list(answers.batch.unique())
    if len(names) < 2:
        return ()
    return tuple(
        Filter(f"batch {name}", lambda frame, name=name: (frame.batch == name).to_numpy(bool))  # type: ignore[misc]
        for name in names
    )


def sensitivity(
    answers: pd.DataFrame,
    *,
    pairs: PairsGiven = None,
    filters: Sequence[Filter] | None = None,
    cr1: bool = False,
) -> pd.DataFrame:
    """Return every headline result under every filter: columns `COLUMNS`.

    Results are the share of each pair and the difference in recognition of each two conditions, clustered by worker and
    image. Tasks are filtered each by itself. A filter that needs what was not measured has a row that says so.
    """
    rows = []
    tasks = [answers[answers.task == task].reset_index(drop=True) for task in ("pairwise", "recognition")]
    for frame in tasks:
        for each in filters or (*quality_filters(), *batch_filters(frame)):
            rows += _under(each, frame, pairs, cr1)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _under(each: Filter, answers: pd.DataFrame, pairs: PairsGiven, cr1: bool) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    keep = each.keep(answers)
    for result in headline(answers, pairs if len(of_task(answers, "pairwise")) else None):
        place = (each.name, result.name)
        if keep is None:
            rows.append((*place, *[0] * 4, *[np.nan] * 5, NOT_MEASURED))
            continue
        before, mine = result.select(answers), result.select(answers[keep])
        found = result.estimate(mine, cr1)
        people = mine.participant.nunique()
        sizes = (len(mine), people, len(before) - len(mine), before.participant.nunique() - people)
        numbers = (found.value, found.se, found.low, found.high, found.p)
        note = NO_ANSWERS if not len(mine) else ONE_WAY if found.variance.fallback else ""
        rows.append((*place, *sizes, *numbers, note))
    return rows


def _slow_enough(frame: pd.DataFrame, fastest: float | None) -> Keep | None:
    if frame.seconds.isna().all():
        return None
    main = frame[frame.kind.isin(EARNEST)]
    limit = frame.task.map(main.groupby("task").seconds.median() / 3) if fastest is None else fastest
    return (~(frame.seconds < limit).fillna(False)).to_numpy(bool)


def _gold(frame: pd.DataFrame, least: float) -> Keep | None:
    return _participants(frame, gold_accuracy(frame).set_index("participant").gold_accuracy, least)


def _consistent(frame: pd.DataFrame, least: float) -> Keep | None:
    found = retests(frame)
    return _participants(frame, found.groupby("participant").same.mean(), least)


def _participants(frame: pd.DataFrame, value: "pd.Series[float]", least: float) -> Keep | None:
    """Return whose value is high enough; nobody is excluded for want of one."""
    if not len(value):
        return None
    bad = set(value.index[(value < least).fillna(False).to_numpy(bool)])
    return (~frame.participant.isin(bad)).to_numpy(bool)


def _not_busiest(frame: pd.DataFrame, busiest: int) -> Keep:
    counts = frame[frame.kind.isin(EARNEST)].participant.value_counts().reset_index()
    order = counts.sort_values(["count", "participant"], ascending=[False, True], kind="stable")
    return (~frame.participant.isin(order.participant.head(busiest))).to_numpy(bool)


def _first_exposure(frame: pd.DataFrame) -> Keep:
    main = frame.kind.isin(EARNEST)
    again = frame[main].duplicated(["participant", "task", "image"]).reindex(frame.index, fill_value=False)
    return (~again).to_numpy(bool)


def _focused(frame: pd.DataFrame) -> Keep | None:
    if frame.focus_losses.isna().all():
        return None
    return (~(frame.focus_losses > 0).fillna(False)).to_numpy(bool)

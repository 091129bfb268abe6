"""Agreement, distinction and forward simulation: accuracy, trust in right and wrong predictions, change.

Reference: explainability 8; Kim et al. 2022, HIVE: Evaluating the human interpretability of visual explanations.
"""

from typing import Final

import numpy as np
import pandas as pd

from tombola.study.answers import of_task
from tombola.study.statistics.clustered import Estimate, clustered_difference, clustered_mean, clustered_share
from tombola.study.statistics.votes import codes, condition_order

CHANCE: Final = {"agreement": 0.5, "distinction": 0.25}
"""Accuracy of somebody who guesses: two of four points, one of four candidates."""
TRUSTING: Final = ("3", "4")
"""Points of the scale that say the prediction is right."""
ACCURACY: Final = (
    *("task", "condition", "phase", "answers", "accuracy", "se", "low", "high", "chance", "p", "design_effect"),
    "fallback",
)
TRUST: Final = ("condition", "measure", "answers", "value", "se", "low", "high", "p", "design_effect", "fallback")
CHANGE: Final = ("condition", "pairs", "before", "after", "change", "se", "low", "high", "p", "gained", "lost")
MEASURES: Final = ("trust in right predictions", "trust in wrong predictions", "right - wrong")


def task_accuracy(answers: pd.DataFrame, *, cr1: bool = False) -> pd.DataFrame:
    """Return the share of correct answers by task, condition and phase, tested against chance: columns `ACCURACY`.

    Distinction has a chance of ¼, agreement ½. In forward simulation chance depends on the classes and is not tested.
    """
    rows = []
    for task in ("agreement", "distinction", "forward-simulation"):
        frame = of_task(answers, task)
        frame = frame[frame.correct.notna()]
        for name in condition_order(frame.condition.unique()):
            for phase in ("before", "after") if task == "forward-simulation" else ("",):
                mine = frame[(frame.condition == name) & (frame.phase.fillna("") == phase)]
                if not len(mine):
                    continue
                chance = CHANCE.get(task, np.nan)
                found = _share(mine.correct.astype(bool), mine, chance, cr1)
                numbers = (found.value, found.se, found.low, found.high, chance, found.p, found.design_effect)
                rows.append((task, name, phase, len(mine), *numbers, found.variance.fallback))
    return pd.DataFrame(rows, columns=list(ACCURACY))


def trust_table(answers: pd.DataFrame, *, cr1: bool = False) -> pd.DataFrame:
    """Return trust in right and in wrong predictions, and the difference, by condition: columns `TRUST`.

    Trust is the share of answers that call the prediction right (3 or 4 of 4 points). Whether it is right follows from
    the answer and whether that was correct. An explanation that helps makes the difference larger; one that only
    persuades raises both.
    """
    frame = of_task(answers, "agreement")
    frame = frame[frame.correct.notna()]
    trusts = frame.answer.isin(TRUSTING)
    right = trusts == frame.correct.astype(bool)
    rows = []
    for name in condition_order(frame.condition.unique()):
        here = frame.condition == name
        mine, believed, truth = frame[here], trusts[here], right[here].to_numpy(bool)
        parts = [_share(believed[which], mine[which], np.nan, cr1) for which in (truth, ~truth)]
        groups = (codes(mine.participant), codes(mine.image))
        parts.append(clustered_difference(believed.to_numpy(np.float64), truth, *groups, cr1=cr1))
        for measure, found in zip(MEASURES, parts, strict=True):
            p = found.p if measure == MEASURES[2] else np.nan
            numbers = (found.n, found.value, found.se, found.low, found.high, p, found.design_effect)
            rows.append((name, measure, *numbers, found.variance.fallback))
    return pd.DataFrame(rows, columns=list(TRUST))


def change_table(answers: pd.DataFrame, *, cr1: bool = False) -> pd.DataFrame:
    """Return how seeing the explanation changed forward simulation, by condition: columns `CHANGE`.

    Pairs are the two answers of one participant about one image and condition; ``change`` is the mean of after minus
    before, clustered by worker and image. ``gained`` and ``lost`` count answers that became right and wrong.
    """
    frame = of_task(answers, "forward-simulation")
    frame = frame[frame.correct.notna() & frame.phase.notna()]
    sides = [
        frame[frame.phase == phase].drop_duplicates(["participant", "image", "condition"], keep="last")
        for phase in ("before", "after")
    ]
    both = sides[0].merge(sides[1], on=["participant", "image", "condition"], suffixes=("_before", "_after"))
    rows = []
    for name in condition_order(both.condition.unique()):
        mine = both[both.condition == name]
        before, after = (mine[column].to_numpy(np.float64) for column in ("correct_before", "correct_after"))
        change = after - before
        found = clustered_mean(change, codes(mine.participant), codes(mine.image), cr1=cr1)
        numbers = (float(before.mean()), float(after.mean()), found.value, found.se, found.low, found.high, found.p)
        rows.append((name, len(mine), *numbers, int((change > 0).sum()), int((change < 0).sum())))
    return pd.DataFrame(rows, columns=list(CHANGE))


def _share(values: "pd.Series[bool]", frame: pd.DataFrame, chance: float, cr1: bool) -> Estimate:
    y = values.to_numpy(np.float64)
    return clustered_share(y, codes(frame.participant), codes(frame.image), null=chance, cr1=cr1)

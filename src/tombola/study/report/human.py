"""What people said of every image: the human side of a comparison with metrics, and what a gallery is sorted by."""

from typing import Final

import numpy as np
import pandas as pd
from jaxtyping import Float

from tombola.study.answers import of_task
from tombola.study.statistics.votes import PairsGiven, condition_order, of_pair, pairs_of
from tombola.study.trial import NEITHER, TASKS

COLUMNS: Final = ("task", "what", "image", "image_class", "answers", "first", "second", "neither", "score")


def by_image(answers: pd.DataFrame, pairs: PairsGiven = None) -> pd.DataFrame:
    """Return counts and a score per image, for every pair and for every condition of other tasks: columns `COLUMNS`.

    Pairwise: ``first`` and ``second`` count votes for the conditions of ``what`` ("A v B"), the score is their
    difference over all answers, from -1 to 1. Else ``first`` counts right answers, ``second`` wrong ones, ``neither``
    abstentions, and the score is the share of right ones; answers that cannot be right or wrong are left out.
    """
    rows: list[tuple[object, ...]] = []
    for pair in pairs_of(answers, pairs) if len(of_task(answers, "pairwise")) else ():
        mine = of_pair(answers, pair)
        for (image, name), group in mine.groupby(["image", "image_class"], dropna=False):
            first, second = (int((group.answer == side).sum()) for side in (pair.first, pair.second))
            counts = (len(group), first, second, len(group) - first - second)
            rows.append(("pairwise", pair.label, image, name, *counts, (first - second) / len(group)))
    for task in TASKS[1:]:
        frame = of_task(answers, task)
        right = (frame.answer == frame.image_class) if task == "recognition" else frame.correct
        frame = frame.assign(right=right)[right.notna() & (frame.phase.fillna("") != "before")]
        for condition in condition_order(frame.condition.dropna().unique()):
            here = frame[frame.condition == condition]
            for (image, name), group in here.groupby(["image", "image_class"], dropna=False):
                good, silent = int(group.right.sum()), int((group.answer == NEITHER).sum())
                counts = (len(group), good, len(group) - good - silent, silent)
                rows.append((task, condition, image, name, *counts, good / len(group)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def spearman(x: Float[np.ndarray, " image"], y: Float[np.ndarray, " image"]) -> float:
    """Return the rank correlation; NaN where one side does not vary or there are fewer than three points."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    ranks = [pd.Series(values).rank().to_numpy() for values in (x, y)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])

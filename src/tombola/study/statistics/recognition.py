"""What people recognised: accuracy by condition, differences, and abstentions apart. Reference: explainability 11.5."""

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import NDArray

from tombola.study.answers import of_task
from tombola.study.statistics.clustered import clustered_difference, clustered_share
from tombola.study.statistics.contingency import ChiSquared, contingency
from tombola.study.statistics.equivalence import Margin, margin_of, tost
from tombola.study.statistics.image_level import image_level
from tombola.study.statistics.votes import codes, condition_order
from tombola.study.trial import NEITHER

ACCURACY: Final = (
    *("condition", "answers", "correct", "wrong", "abstained", "accuracy", "se", "low", "high", "naive_low"),
    *("naive_high", "design_effect", "fallback", "abstention", "accuracy_given_answer", "given_low", "given_high"),
)
DIFFERENCES: Final = (
    *("first", "second", "outcome", "difference", "se", "low", "high", "z", "p", "naive_se", "naive_p"),
    *("design_effect", "fallback", "images", "wilcoxon_p", "sign_p", "equivalence_margin", "equivalence_p"),
)
MAJORITY: Final = ("condition", "pictures", "right", "wrong", "abstained", "tied", "tied_with_right")
OUTCOMES: Final = ("correct", "abstained", "correct given an answer")
TESTS: Final = {"correct": "recognition", "abstained": "abstention"}
"""Outcome -> what its tests are called, as in ``recognition A - B``."""


def conditions_of(answers: pd.DataFrame, task: str = "recognition") -> tuple[str, ...]:
    """Return the conditions of a task, in order."""
    return condition_order(of_task(answers, task).condition.unique())


def accuracy_table(answers: pd.DataFrame, *, cr1: bool = False) -> pd.DataFrame:
    """Return recognition by condition: columns `ACCURACY`.

    ``accuracy`` is correct / all answers, an abstention (``none``) counting as not correct; ``abstention`` is their
    share; ``accuracy_given_answer`` leaves them out. Intervals are clustered by worker and image.
    """
    frame, rows = of_task(answers, "recognition"), []
    for name in conditions_of(answers):
        mine = frame[frame.condition == name].reset_index(drop=True)
        right, silent = _right(mine), (mine.answer == NEITHER).to_numpy(bool)
        worker, image = codes(mine.participant), codes(mine.image)
        found = clustered_share(right, worker, image, cr1=cr1)
        given = clustered_share(right[~silent], worker[~silent], image[~silent], cr1=cr1)
        counts = (len(mine), int(right.sum()), int((~silent).sum() - right.sum()), int(silent.sum()))
        shares = (found.value, found.se, found.low, found.high, found.naive_low, found.naive_high)
        rest = (found.design_effect, found.variance.fallback, counts[3] / counts[0])
        rows.append((name, *counts, *shares, *rest, given.value, given.low, given.high))
    return pd.DataFrame(rows, columns=list(ACCURACY))


def outcome_test(answers: pd.DataFrame, conditions: tuple[str, ...] | None = None) -> ChiSquared:
    """Return Pearson's χ² of conditions by (correct, not correct); by default of all conditions."""
    frame = of_task(answers, "recognition")
    counts = []
    for name in conditions or conditions_of(answers):
        right = _right(frame[frame.condition == name])
        counts.append([right.sum(), len(right) - right.sum()])
    return contingency(counts or [[0, 0]])


def difference_table(answers: pd.DataFrame, *, margin: Margin = None, cr1: bool = False) -> pd.DataFrame:
    """Return pairwise differences first - second: columns `DIFFERENCES`.

    One row per pair and outcome (`OUTCOMES`): correct, abstained, and correct among those who gave an answer. Standard
    errors are clustered by worker and image; beside them the image-paired tests, of each image's share in the first
    condition minus that in the second (Wilcoxon signed-rank, exact sign test). With a `margin` fixed beforehand,
    ``equivalence_p`` is that of "the difference is within ± margin" (two one-sided tests).
    """
    frame = of_task(answers, "recognition")
    rows = []
    for first, second in combinations(conditions_of(answers), 2):
        both = frame[frame.condition.isin([first, second])].reset_index(drop=True)
        silent = (both.answer == NEITHER).to_numpy(bool)
        for outcome, y, use in (
            (OUTCOMES[0], _right(both), np.ones(len(both), bool)),
            (OUTCOMES[1], silent.astype(np.float64), np.ones(len(both), bool)),
            (OUTCOMES[2], _right(both), ~silent),
        ):
            part = both[use].reset_index(drop=True)
            mine = (part.condition == first).to_numpy(bool)
            found = clustered_difference(y[use], mine, codes(part.participant), codes(part.image), cr1=cr1)
            shares = image_shares(part, y[use])
            paired = shares[[first, second]].dropna() if {first, second} <= set(shares.columns) else pd.DataFrame()
            images = image_level(paired[first] - paired[second]) if len(paired) else image_level([])
            numbers = (found.value, found.se, found.low, found.high, found.z, found.p, found.naive_se, found.naive_p)
            rest = (found.design_effect, found.variance.fallback, len(paired), images.wilcoxon_p, images.sign_p)
            equal = tost(found.value, found.se, margin_of(margin, f"{TESTS.get(outcome, outcome)} {first} - {second}"))
            rows.append((first, second, outcome, *numbers, *rest, equal.margin, equal.p))
    return pd.DataFrame(rows, columns=list(DIFFERENCES))


def friedman(answers: pd.DataFrame) -> ChiSquared:
    """Return Friedman's test of the share correct over conditions, paired by image; NaN below three conditions.

    Only images with an answer in every condition take part.
    """
    frame = of_task(answers, "recognition")
    shares = image_shares(frame, _right(frame)).dropna()
    if shares.shape[1] < 3 or len(shares) < 2 or bool((shares.nunique(axis=1) == 1).all()):
        return ChiSquared(np.nan, max(shares.shape[1] - 1, 0), np.nan)
    found = scipy.stats.friedmanchisquare(*(shares[name] for name in shares.columns))
    return ChiSquared(float(found.statistic), shares.shape[1] - 1, float(found.pvalue))


def majority_table(answers: pd.DataFrame) -> pd.DataFrame:
    """Return what the majority of raters saw in each picture, by condition: columns `MAJORITY`.

    The answer with strictly most votes counts (strict plurality). Where two or more share the top, the picture is
    tied, and stays so: ``tied_with_right`` says in how many ties the true class was among them.
    """
    frame, rows = of_task(answers, "recognition"), []
    for name in conditions_of(answers):
        counts = dict.fromkeys(MAJORITY[2:], 0)
        mine = frame[frame.condition == name]
        for _, picture in mine.groupby("image"):
            votes, truth = picture.answer.value_counts(), picture.image_class.iloc[0]
            top = set(votes.index[votes == votes.max()])
            if len(top) > 1:
                counts["tied"] += 1
                counts["tied_with_right"] += truth in top
            else:
                counts["right" if top == {truth} else "abstained" if top == {NEITHER} else "wrong"] += 1
        rows.append((name, int(mine.image.nunique()), *counts.values()))
    return pd.DataFrame(rows, columns=list(MAJORITY))


def image_shares(frame: pd.DataFrame, y: NDArray[np.float64]) -> pd.DataFrame:
    """Return the mean of y by image (rows) and condition (columns); missing where nobody answered."""
    plain = pd.DataFrame({"image": frame.image.to_numpy(), "condition": frame.condition.to_numpy(), "y": y})
    return plain.pivot_table(index="image", columns="condition", values="y", aggfunc="mean")


def repeated_images(answers: pd.DataFrame, task: str = "recognition") -> int:
    """Return how many answers are to an image that the participant had already answered about (defect B16)."""
    return int(of_task(answers, task).duplicated(["participant", "image"]).sum())


def _right(frame: pd.DataFrame) -> NDArray[np.float64]:
    return (frame.answer == frame.image_class).fillna(False).to_numpy(bool).astype(np.float64)

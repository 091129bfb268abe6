"""Recognition as published: accuracy, confusion matrices. Reference: explainability 10.1 and 10.4."""

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from tombola.study.answers import of_task
from tombola.study.files.pictures import class_order
from tombola.study.statistics.recognition import conditions_of, majority_table, outcome_test
from tombola.study.trial import NEITHER

ACCURACY: Final = ("condition", "image_class", "images", "answers", "correct", "abstained", "accuracy")
TESTS: Final = ("test", "chi2", "df", "p")
PLURALITY: Final = ("condition", "pictures", "right", "tied")
EVERYTHING: Final = "all"


def accuracy_by(answers: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy by condition and class: columns `ACCURACY`; ``all`` stands for all classes, or conditions.

    An abstention is an answer that is not correct.
    """
    frame, rows = of_task(answers, "recognition"), []
    for condition in (*conditions_of(answers), EVERYTHING):
        mine = frame if condition == EVERYTHING else frame[frame.condition == condition]
        for name in (EVERYTHING, *class_order(frame.image_class.dropna().unique())):
            part = mine if name == EVERYTHING else mine[mine.image_class == name]
            right, silent = int((part.answer == part.image_class).sum()), int((part.answer == NEITHER).sum())
            share = right / len(part) if len(part) else np.nan
            rows.append((condition, name, part.image.nunique(), len(part), right, silent, share))
    return pd.DataFrame(rows, columns=list(ACCURACY))


def confusion_matrices(answers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return counts of answers by true class, for all conditions together (``all``) and for each.

    Rows are true classes, columns classes and then ``none``, both in class order; a column ``image_class`` names the
    row.
    """
    frame = of_task(answers, "recognition")
    names = class_order({*frame.image_class.dropna(), *frame.answer} - {NEITHER})
    found = {}
    for condition in (EVERYTHING, *conditions_of(answers)):
        mine = frame if condition == EVERYTHING else frame[frame.condition == condition]
        counts = pd.crosstab(mine.image_class, mine.answer)
        counts = counts.reindex(index=list(names), columns=[*names, NEITHER], fill_value=0)
        found[condition] = counts.rename_axis(columns=None).reset_index()
    return found


def recognition_tests(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the contingency tests of correct answers: all conditions, then each two; columns `TESTS`."""
    names = conditions_of(answers)
    tests = [(EVERYTHING, names), *((f"{a} v {b}", (a, b)) for a, b in combinations(names, 2))]
    rows = []
    for label, conditions in tests:
        test = outcome_test(answers, conditions)
        rows.append((label, test.statistic, test.df, test.p))
    return pd.DataFrame(rows, columns=list(TESTS))


def plurality(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how many pictures the strict plurality got right, by condition, and how many are tied: `PLURALITY`."""
    return majority_table(answers)[list(PLURALITY)]

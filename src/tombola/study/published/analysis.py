"""Everything of section 10 of the reference in one call."""

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.answers import of_task, validate
from tombola.study.published import preference, recognition
from tombola.study.published.agreement import published_alpha
from tombola.study.published.workers import worker_counts
from tombola.study.statistics.recognition import repeated_images
from tombola.study.statistics.tables import Analysis
from tombola.study.statistics.votes import PairsGiven

INDEPENDENT = (
    "As published: every vote counts as independent, ties are dropped, and only one p-value per pair is adjusted. "
    "Workers and images gave several votes each, so these p-values are too small; read the valid analysis."
)
SIDES = "Alpha is over sides, as published. Its valid form compares the winning condition, pair by pair."


def published_analysis(answers: pd.DataFrame, *, pairs: PairsGiven = None) -> Analysis:
    """Return the published analysis of pairwise and recognition answers.

    Tables: ``pairs``, ``classes``, ``heterogeneity``, ``sides``; ``accuracy``, ``confusion_all`` and
    ``confusion_<condition>``, ``recognition_tests``, ``plurality``; ``agreement`` and ``workers``.

    Raises
    ------
    TombolaError
        If there are no answers to either task.
    """
    validate(answers)
    found = Analysis(notes=[INDEPENDENT])
    if len(of_task(answers, "pairwise")):
        found.tables["pairs"] = preference.pair_tests(answers, pairs)
        found.tables["classes"] = preference.class_counts(answers, pairs)
        found.tables["heterogeneity"] = preference.heterogeneity_tests(answers, pairs)
        found.tables["sides"] = preference.side_counts(answers, pairs)
        found.notes.append(SIDES)
    if len(of_task(answers, "recognition")):
        found.tables["accuracy"] = recognition.accuracy_by(answers)
        for name, matrix in recognition.confusion_matrices(answers).items():
            found.tables[f"confusion_{name}"] = matrix
        found.tables["recognition_tests"] = recognition.recognition_tests(answers)
        found.tables["plurality"] = recognition.plurality(answers)
        again = repeated_images(answers)
        if again:
            found.notes.append(
                f"{again} recognition answers are about an image that the worker had already seen in another condition."
            )
    if not found.tables:
        raise TombolaError("the published analysis needs pairwise or recognition answers; there are none")
    found.tables["agreement"] = published_alpha(answers)
    found.tables["workers"] = worker_counts(answers)
    return found

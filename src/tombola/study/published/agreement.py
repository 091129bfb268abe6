"""Krippendorff's alpha as published: nominal, unit = picture, over sides. Reference: explainability 10.1."""

import pandas as pd

from tombola.study.answers import of_task
from tombola.study.statistics.agreement import DUPLICATES, nominal_alpha, unit_counts

COLUMNS = ("task", "duplicates", "alpha", "units", "answers", "duplicate_answers")
TASKS = {"pairwise": "side", "recognition": "answer"}
"""Task -> what was compared. Over sides, pictures with the better condition left and right look like disagreement."""


def published_alpha(answers: pd.DataFrame) -> pd.DataFrame:
    """Return alpha by task for each way of treating a worker's second answer to a picture: columns `COLUMNS`.

    ``first`` is the published way. ``duplicate_answers`` is how many answers are not the first of their worker.
    """
    rows = []
    for task, values in TASKS.items():
        mine = of_task(answers, task)
        for duplicates in DUPLICATES if len(mine) else ():
            counts = unit_counts(mine, values=values, duplicates=duplicates)
            extra = len(mine) - int(unit_counts(mine, values=values).to_numpy().sum())
            rows.append((task, duplicates, nominal_alpha(counts), len(counts), int(counts.to_numpy().sum()), extra))
    return pd.DataFrame(rows, columns=list(COLUMNS))

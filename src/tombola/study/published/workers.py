"""Who answered how much. Reference: explainability 10.2."""

import pandas as pd

from tombola.study.answers import of_task

BUSIEST = 10
COLUMNS = ("task", "answers", "workers", "median_answers", "most_answers", "busiest_share", "answered_once")


def worker_counts(answers: pd.DataFrame, busiest: int = BUSIEST) -> pd.DataFrame:
    """Return how answers are spread over workers, by task: columns `COLUMNS`.

    ``busiest_share`` is the share of all answers that the ten busiest gave.
    """
    rows = []
    for task in answers.task.unique():
        counts = of_task(answers, task).participant.value_counts()
        if len(counts):
            share = float(counts.head(busiest).sum() / counts.sum())
            numbers = (float(counts.median()), int(counts.max()), share, int((counts == 1).sum()))
            rows.append((task, int(counts.sum()), len(counts), *numbers))
    return pd.DataFrame(rows, columns=list(COLUMNS))

"""What a report is made from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from tombola.study.statistics import Analysis

if TYPE_CHECKING:
    from tombola.study.design.folder import Study
    from tombola.study.lock import LockStatus


@dataclass(frozen=True, eq=False)
class Source:
    """Answers, what was found in them, and whatever else is at hand.

    Attributes
    ----------
    title
        What the page calls the study.
    answers
        The tidy frame.
    valid
        The valid analysis of these answers.
    published
        The published one, where their task has one.
    study
        The study folder they came from; None for files.
    lock
        What its lock says of these answers; None for files.
    notes
        What was left out, or why nothing is confirmatory.
    accuracy
        The accuracy ladder as `tombola.study.report.ladder` makes it.
    metrics
        Explanation metrics: ``image, condition, metric, value``.
    reward
        US dollars per answer.
    payments
        As `tombola study import mturk` writes them: ``batch, answers, reward_usd, median_seconds, usd_per_hour``.
    """

    title: str
    answers: pd.DataFrame
    valid: Analysis
    published: Analysis | None = None
    study: "Study | None" = None
    lock: "LockStatus | None" = None
    notes: tuple[str, ...] = ()
    accuracy: pd.DataFrame | None = None
    metrics: pd.DataFrame | None = None
    reward: float | None = None
    payments: pd.DataFrame | None = None

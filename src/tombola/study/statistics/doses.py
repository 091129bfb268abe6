"""Compression rates of conditions, and answers as numbers beside them. Reference: explainability 11.8."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tombola.errors import TombolaError
from tombola.study.answers import of_task
from tombola.study.trial import NEITHER


@dataclass(frozen=True)
class Dose:
    """What a condition is in a dose-response design.

    Attributes
    ----------
    rate
        Compression rate, at least 1.
    replicate
        Which of several networks of that rate.
    """

    rate: float
    replicate: int = 0


def outcomes_by_dose(
    answers: pd.DataFrame, doses: Mapping[str, Dose], *, task: str, reference: str | None = None
) -> pd.DataFrame:
    """Return answers as numbers with their dose: ``rate, replicate, image, value``.

    Parameters
    ----------
    answers
        The tidy frame.
    doses
        What each condition is.
    task
        ``pairwise``: 1 where a condition wins against `reference`, ½ for a tie, 0 where it loses; other comparisons
        are left out. Other tasks: 1 where the answer is correct (abstentions are not); of forward simulation those
        after the explanation.
    reference
        For pairwise: the condition that all others were compared with. It has no value of its own.

    Raises
    ------
    TombolaError
        If a condition has no dose, or pairwise answers come without a reference.
    """
    frame = of_task(answers, task)
    if task == "pairwise":
        if reference is None:
            raise TombolaError("a dose response of pairwise answers needs the condition all others are compared with")
        frame = frame[(frame.left == reference) != (frame.right == reference)]
        condition = frame.right.where(frame.left == reference, frame.left)
        value = np.select([frame.answer == condition, frame.answer == NEITHER], [1.0, 0.5], 0.0)
    else:
        frame = frame[frame.correct.notna() & (frame.phase.fillna("") != "before")]
        condition, value = frame.condition, frame.correct.to_numpy(bool).astype(np.float64)
    for name in condition.unique():
        if name not in doses:
            raise TombolaError(f"condition '{name}' has no compression rate; say it for every condition")
    columns = {
        "rate": condition.map(lambda name: doses[name].rate).to_numpy(np.float64),
        "replicate": condition.map(lambda name: doses[name].replicate).to_numpy(np.int64),
        "image": frame.image.to_numpy(np.int64),
        "value": value,
    }
    return pd.DataFrame(columns)

"""What answers cost at a fair hourly wage. Reference: explainability 8.5 and 12.2."""

from dataclasses import dataclass
from math import isfinite

from tombola.errors import TombolaError

SECONDS = 12.0
OVERHEAD = 300.0
"""Seconds a participant spends on consent, instructions, practice and debriefing: paid time, too."""
WAGE = 15.0


@dataclass(frozen=True)
class Cost:
    """What a study costs.

    Attributes
    ----------
    answers, participants
        For so many.
    hours
        Paid time of all.
    total, per_participant, per_answer
        In the currency of the wage; `per_answer` with everything included.
    """

    answers: int
    participants: int
    hours: float
    total: float
    per_participant: float
    per_answer: float


def cost(
    answers: int,
    participants: int,
    *,
    wage: float = WAGE,
    seconds: float = SECONDS,
    overhead: float = OVERHEAD,
    fee: float = 0.0,
    checks: int = 0,
) -> Cost:
    """Return what so many answers cost.

    Parameters
    ----------
    answers, participants
        How many main answers, and from how many people.
    wage
        Per hour.
    seconds
        Per answer.
    overhead
        Seconds per participant besides answers.
    fee
        What a platform takes on top, as a fraction of pay.
    checks
        Further questions per participant: practice, attention checks, repeats.

    Raises
    ------
    TombolaError
        If a value is negative or no number.
    """
    for name, value in (("wage", wage), ("seconds", seconds), ("overhead", overhead), ("fee", fee)):
        if not (isfinite(value) and value >= 0):
            raise TombolaError(f"{name} = {value}: give a number of at least 0")
    hours = ((answers + checks * participants) * seconds + participants * overhead) / 3600
    total = hours * wage * (1 + fee)
    return Cost(answers, participants, hours, total, total / max(1, participants), total / max(1, answers))

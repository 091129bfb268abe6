"""The fields of pruning that count in compression rates: what levels keep, and how long they are fine-tuned."""

from typing import Annotated

from pydantic import Field

from tombola.specs.scoring import ScoringSpec
from tombola.specs.tokens import Duration, Maybe, Positive, Rates


class RatesSpec(ScoringSpec):
    """What levels keep by compression rate, and how long they are fine-tuned."""

    rates: Rates = Field(
        (),
        description="of levels 1, 2, ...: compression rates (2 4 8), true ones: of n weights floor(n/rate + 1/2) "
        "remain, of every layer or of all together; sets levels",
    )
    finetune: Annotated[Duration | None, Maybe] = Field(
        None, description="gradual: the most that training after each pruning takes; default: train.length"
    )
    group: Positive = Field(
        4, description="for 'nm': inputs in a row of which equally many remain; N of them by the rate (2 is 2:4)", ge=2
    )

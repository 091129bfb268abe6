"""The fields of pruning that say what scores see and how a mask is reached from them."""

from typing import Annotated, Literal

from pydantic import Field

from tombola.specs.parts import Part
from tombola.specs.tokens import Choice, Duration, Positive


class ScoringSpec(Part):
    """What scores see, and in how many rounds they make a mask."""

    rounds: Positive = Field(
        1, description="at-init: how often a level is scored and pruned on the way to its density (synflow: 100)"
    )
    ramp: Annotated[Literal["exponential", "linear"], Choice] = Field(
        "exponential", description="at-init: densities of the rounds; exponential are equal shares, linear equal counts"
    )
    shots: Positive = Field(
        1, description="at-init: how often the rounds are gone through, each time to a lower density (multishot)"
    )
    pretrain: Duration = Field(
        "0st", description="at-init: dense training before scores are taken; weights then return to where they began"
    )
    samples_per_class: Positive = Field(10, description="training images of each class that scores see")
    score_batch: Positive = Field(256, description="images per batch of scoring")
    score_mode: Annotated[Literal["eval", "train"], Choice] = Field(
        "eval", description="mode of the network while it is scored: normalisation by its statistics, or the batch's"
    )
    invert: bool = Field(False, description="remove the highest scores first: a sanity check")
    shuffle: bool = Field(False, description="at-init: move the mask to random places of each layer: a sanity check")
    reinitialise: bool = Field(
        False, description="at-init: train other initial weights than those that were scored: a sanity check"
    )
    rescale: bool = Field(
        False,
        description="at-init: divide each layer's initial weights by the square root of its density, so that signals "
        "keep their size",
    )

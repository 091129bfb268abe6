"""When training has converged: the part ``train.converge``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tombola.specs.part import Part
from tombola.specs.tokens import Choice, Count, Maybe, Positive, Real

DELTAS = {"absolute": 0.0, "relative": 0.01}
"""What an epoch must improve by, rule by rule, where nothing is said."""


class ConvergeSpec(Part):
    """When training stops before its length, and which epoch's weights are its result.

    With a rule the network is measured after every epoch, training ends once ``patience`` epochs in a row did not
    improve, and the weights of the last epoch that did are restored: they are the trained state, and the early stop.
    ``train.length`` is the most it takes. Without a rule training takes its whole length, and nothing is restored.

    Examples
    --------
    >>> ConvergeSpec(rule="relative").delta
    0.01
    """

    rule: Annotated[Literal["none", "absolute", "relative"], Choice] = Field(
        "none",
        description="what counts as improvement: absolute (beyond the best by delta; the best starts with the weights "
        "training starts from), relative (beyond best x (1 + delta), starting at 0: published), none (no early end)",
    )
    metric: Annotated[Literal["val_accuracy", "val_loss"], Choice] = Field(
        "val_accuracy", description="what must improve, measured after every epoch"
    )
    delta: Annotated[Real | None, Maybe] = Field(
        None, description="by how much; default: 0 for absolute, 0.01 for relative"
    )
    patience: Positive = Field(10, description="epochs in a row without improvement that end training")
    minimum: Count = Field(0, description="epochs to train at least")

    @model_validator(mode="after")
    def _something_to_set(self) -> Self:
        given = [
            name for name in type(self).model_fields if getattr(self, name) != type(self).model_fields[name].default
        ]
        if self.rule == "none" and given:
            raise ValueError(f"{given[0]} = {getattr(self, given[0])} has no effect with rule 'none'; choose a rule")
        if self.delta is None and self.rule != "none":
            object.__setattr__(self, "delta", DELTAS[self.rule])  # said or not, it is the same spec
        return self

    @property
    def active(self) -> bool:
        """Whether there is a rule at all."""
        return self.rule != "none"

"""The part of an experiment that says how levels get their masks, and what they start from."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tombola.specs.rates import RatesSpec
from tombola.specs.tokens import Choice, Count, Densities, Levels, Maybe, Rate

REWIND_STEP = "step:"
REWINDS = ("init", "lr", "none")
"""Rewinds without a step: everything as at step 0; everything as trained, retrained or fine-tuned."""

DENSE_ONLY, AT_INIT, TRANSFER, GRADUAL = "dense", "at-init", "transfer", "gradual"
LEGACY_COUNTS, CUMULATIVE = "legacy-half-rate", "cumulative"
JOINT_LINEAR = "conv-layerwise-linear-joint"


class PruneSpec(RatesSpec):
    """How levels get their masks, and what they start from."""

    procedure: str = Field(
        "iterative",
        description="how levels get their masks: iterative, one-shot, gradual, at-init, edge-popup, gem-miner, "
        "probabilistic, rigl, set, structured-random, transfer, dense (level 0 only), or yours",
    )
    levels: Count = Field(3, description="levels after dense; 0 trains the dense network only")
    densities: Densities = Field(
        (), description="of levels 1, 2, ...: fractions that remain (0.5 0.1) or powers of ten (10^-1.7); sets levels"
    )
    score: str = Field("magnitude", description="what ranks weights; the lowest go first")
    allocation: str = Field(
        "layerwise",
        description="how scores become a mask: layerwise, global, uniform, erk, smart-ratio, equal-count, ...",
    )
    rate: Rate = Field(0.2, description="for 'global': share of survivors removed per round")
    conv_rate: Rate = Field(0.1, description="for 'layerwise': share of survivors removed per round and convolution")
    linear_rate: Rate = Field(0.2, description="for 'layerwise': the same, hidden linear layers")
    output_rate: Annotated[Rate | None, Maybe] = Field(
        None, description="the same, output layer; default: half linear_rate (linear_rate where it is pruned jointly)"
    )
    rounding: Annotated[Literal["ceil", "floor", "nearest", "percentile"], Choice] = Field(
        "ceil",
        description="of survivors x rate, the number removed; percentile: as many as lie strictly below it",
    )
    counts: Annotated[Literal["iterated", "cumulative", "legacy-half-rate"], Choice] = Field(
        "iterated",
        description="what levels keep: the rate of the level before (iterated), or level k 1 - (1 - rate)^k of all "
        "weights less (cumulative); legacy-half-rate: one-shot levels as published in playground",
    )
    ties: Annotated[Literal["index", "seeded"], Choice] = Field(
        "index", description="which of equal scores goes first; default for at-init: seeded"
    )
    floor: Count = Field(0, description="survivors every layer keeps at least")
    rewind: str = Field(
        "init",
        description="what survivors return to: init, step:K (late resetting), lr (nothing returns, the whole schedule "
        "is trained again), none (fine-tuning: nothing returns, the schedule's last learning rate throughout)",
    )
    reset: Annotated[Literal["full", "weights-only"], Choice] = Field(
        "full", description="weights-only leaves biases and normalisation as trained (a known defect, for comparison)"
    )
    pruned: Annotated[Literal["zero", "initial", "zero-if-shrinking", "zero-if-growing"], Choice] = Field(
        "zero",
        description="what pruned weights are held at: zero; their initial value; the same but zero where the magnitude "
        "fell (zero-if-shrinking) or rose (zero-if-growing) in training",
    )
    control_init: Annotated[Literal["full", "weights-only"], Choice] = Field(
        "full",
        description="weights-only: re-initialised controls keep the ticket's early-stop biases and normalisation",
    )

    source: Annotated[str | None, Maybe] = Field(
        None, description="transfer: folder of the run whose tickets are trained on this run's data"
    )
    source_levels: Levels = Field(
        (), description="transfer: levels of that run, which become levels 1, 2, ... of this one; default: all"
    )

    @model_validator(mode="before")
    @classmethod
    def _levels_that_follow(cls, values: Any) -> Any:
        procedure = values.get("procedure") if isinstance(values, dict) else None
        follows = {
            DENSE_ONLY: {"levels": 0},
            AT_INIT: {"ties": "seeded"},  # whole layers tie at initialisation
            GRADUAL: {"rewind": "lr"},
        }
        return follows[procedure] | values if procedure in follows else values

    @model_validator(mode="after")
    def _explicit(self) -> Self:
        if self.output_rate is None:
            joint = self.allocation == JOINT_LINEAR
            object.__setattr__(self, "output_rate", self.linear_rate if joint else self.linear_rate / 2)
        object.__setattr__(self, "rewind", _canonical_rewind(self.rewind))
        return self

    @model_validator(mode="after")
    def _given_are_levels(self) -> Self:
        """Let densities or compression rates be the levels."""
        name, given = ("rates", self.rates) if self.rates else ("densities", self.densities)
        if not given:
            return self
        if self.densities and self.rates:
            raise ValueError("densities and rates both say what levels keep; leave one of them out")
        if list(self.densities) != sorted(set(self.densities), reverse=True):
            raise ValueError(f"densities {list(self.densities)} must fall from level to level")
        if self.counts != "iterated":
            raise ValueError(f"counts '{self.counts}' and {name} both say what levels keep; leave one of them out")
        if self.levels != len(given):
            if "levels" in self.model_fields_set:
                raise ValueError(f"levels = {self.levels} and {len(given)} {name} do not fit; leave levels out")
            object.__setattr__(self, "levels", len(given))
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.procedure == DENSE_ONLY and self.levels:
            raise ValueError(
                f"procedure '{DENSE_ONLY}' trains level 0 only and levels = {self.levels} is given; "
                "leave prune.levels out, or choose iterative or one-shot"
            )
        if self.reset == "weights-only" and self.rewind in ("lr", "none"):
            raise ValueError(
                f"rewind '{self.rewind}' leaves everything as trained, so reset 'weights-only' means nothing; "
                "leave one of them out"
            )
        if self.procedure != TRANSFER and (self.source is not None or self.source_levels):
            raise ValueError(
                f"source and source_levels are for procedure '{TRANSFER}', and it is '{self.procedure}'; leave them out"
            )
        if self.procedure != GRADUAL and self.finetune is not None:
            raise ValueError(f"finetune is for procedure '{GRADUAL}', and it is '{self.procedure}'; leave it out")
        if self.counts == LEGACY_COUNTS:
            self._check_legacy_counts()
        if self.counts == CUMULATIVE and self.allocation != "layerwise":
            raise ValueError(f"counts '{CUMULATIVE}' needs allocation layerwise, and it is '{self.allocation}'")
        if self.allocation == JOINT_LINEAR and self.output_rate != self.linear_rate:
            raise ValueError(
                f"allocation '{JOINT_LINEAR}' prunes the output layer together with the other linear layers, so "
                f"output_rate {self.output_rate} and linear_rate {self.linear_rate} must be equal; leave it out"
            )
        return self

    def _check_legacy_counts(self) -> None:
        wanted = (
            ("procedure", self.procedure not in ("iterative", DENSE_ONLY), "one-shot"),
            ("allocation", self.allocation == "layerwise", "layerwise"),
            ("rounding", self.rounding == "ceil", "ceil"),
            ("output_rate", self.output_rate == self.linear_rate / 2, "half of linear_rate"),
        )
        for name, fits, need in wanted:
            if not fits:
                raise ValueError(f"counts '{LEGACY_COUNTS}' needs {name} {need}, and it is {getattr(self, name)!r}")

    @property
    def rewind_step(self) -> int:
        """The step that survivors return to; 0 where they return to initialisation, or do not return at all."""
        return int(self.rewind.removeprefix(REWIND_STEP)) if self.rewind.startswith(REWIND_STEP) else 0

    @property
    def rewinds(self) -> bool:
        """Whether survivors return to earlier values; without it they go on from where training left them."""
        return self.rewind not in ("lr", "none")

    @property
    def holds_values(self) -> bool:
        """Whether pruned weights may be held at other values than zero."""
        return self.pruned != "zero"


def _canonical_rewind(given: str) -> str:
    text = given.strip().lower()
    if text in REWINDS:
        return text
    number = text.removeprefix(REWIND_STEP)
    if not (text.startswith(REWIND_STEP) and number.isdigit()):
        raise ValueError(
            f"rewind '{given}' is neither 'init' nor 'step:K' with a number of steps K, nor 'lr', nor 'none'"
        )
    return f"{REWIND_STEP}{int(number)}" if int(number) else "init"

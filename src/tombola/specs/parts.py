"""The parts of an experiment: network, training, engine, store. Data and pruning are in files of their own.

A field's default never changes once released, because keys leave out values at their default
(``tests/specs/test_keys.py`` pins them). Field descriptions are the help texts of the command line.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tombola.specs.converge import ConvergeSpec
from tombola.specs.data import DataSpec as DataSpec
from tombola.specs.length import Length
from tombola.specs.part import Part as Part
from tombola.specs.tokens import (
    Choice,
    ConvPlan,
    Duration,
    Interval,
    LinearPlan,
    Maybe,
    Names,
    Positive,
    PositiveReal,
    Rate,
    Real,
)

FACTORY = "factory"
"""The architecture that ``network.factory`` names by import path."""


class NetworkSpec(Part):
    """Which network. A plan gives convolutions and pooling, then hidden linear layers; the output layer is implied."""

    architecture: str = Field("plan", description="'plan' or a registered network")
    family: Annotated[Literal["lenet", "conv"], Choice] = Field("lenet", description="sets the default activation")
    conv: ConvPlan = Field(
        (),
        description="tokens: 64 (3x3 convolution), 64B (with batch norm), M, A (2x2 pooling), P7 (averages over a 7x7 "
        "grid), G (of the whole map)",
    )
    linear: LinearPlan = Field((), description="units of the hidden linear layers")
    activation: Annotated[Literal["tanh", "relu"] | None, Choice] = Field(
        None, description="default: tanh for lenet, relu for conv"
    )
    bias: Annotated[Literal["all", "hidden", "none"], Choice] = Field(
        "all", description="of a plan: which layers have biases; hidden leaves out the output layer"
    )
    dropout: Rate = Field(0.0, description="of a plan: share of hidden linear units dropped in training")
    weight_init: Annotated[
        Literal[
            "glorot-normal", "glorot-uniform", "kaiming-normal", "kaiming-uniform", "signed-kaiming", "uniform-fan-in",
            "default",
        ],
        Choice,
    ] = Field(
        "glorot-normal",
        description="distribution of initial weights; signed-kaiming has one magnitude, sqrt(2 / fan_in), and random "
        "signs; default leaves it to each layer",
    )  # fmt: skip
    bias_init: Annotated[Literal["uniform-fan-in", "zeros", "default"], Choice] = Field(
        "uniform-fan-in", description="distribution of initial biases; default leaves it to each layer"
    )
    factory: Annotated[str | None, Maybe] = Field(
        None, description="your own network: package.module:function, called with input_shape and classes"
    )
    weights: Annotated[str | None, Maybe] = Field(
        None,
        description="file of weights to start from (a state dict: .safetensors, .pth), or imagenet (published ones, "
        "pulled before); an output layer for other classes is drawn",
    )
    prunable: Names = Field(
        ("all",), description="all, hidden (all but the output layer), conv, linear, name patterns; !pattern takes away"
    )

    @model_validator(mode="before")
    @classmethod
    def _activation_of_family(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("activation") in (None, "none"):
            relu = str(values.get("family", "lenet")).strip().lower() == "conv"
            return values | {"activation": "relu" if relu else "tanh"}
        return values

    @model_validator(mode="after")
    def _factory_is_the_architecture(self) -> Self:
        if self.factory is not None and self.architecture == "plan":
            object.__setattr__(self, "architecture", FACTORY)
        if (self.factory is None) != (self.architecture != FACTORY):
            raise ValueError(
                f"architecture '{self.architecture}' and factory {self.factory!r} do not fit; "
                "factory needs package.module:function, and no other architecture beside it"
            )
        return self


class ScheduleSpec(Part):
    """Learning rate over time, as a factor on ``train.lr``."""

    kind: Annotated[Literal["constant", "steps", "cosine"], Choice] = Field(
        "constant", description="shape after warm-up"
    )
    milestones: tuple[Duration, ...] = Field((), description="for 'steps': when the rate drops (80ep 120ep)")
    factor: PositiveReal = Field(0.1, description="for 'steps': factor of each drop")
    warmup: Duration = Field("0st", description="linear warm-up from zero")

    @model_validator(mode="after")
    def _milestones_fit_kind(self) -> Self:
        if (self.kind == "steps") != bool(self.milestones):
            raise ValueError(
                f"kind '{self.kind}' and milestones {list(self.milestones)} do not fit; 'steps' needs milestones"
            )
        return self


class TrainSpec(Part):
    """How a network is trained and what is recorded meanwhile."""

    length: Duration = Field(
        "10ep", description="epochs (55ep) or optimiser steps (50000st); also --train.steps N, --train.epochs N"
    )
    batch_size: Positive = Field(60, description="samples per step; the last incomplete batch of an epoch is dropped")
    optimiser: Annotated[Literal["adam", "sgd", "adamw"], Choice] = Field(
        "adam", description="fresh for every training"
    )
    lr: PositiveReal = Field(1.2e-3, description="learning rate")
    momentum: Rate = Field(0.0, description="for sgd")
    nesterov: bool = Field(False, description="for sgd with momentum")
    beta1: Rate = Field(0.9, description="for adam and adamw")
    beta2: Rate = Field(0.999, description="for adam and adamw")
    eps: PositiveReal = Field(1e-8, description="for adam and adamw")
    weight_decay: Real = Field(0.0, description="L2 for adam and sgd, decoupled for adamw")
    schedule: ScheduleSpec = ScheduleSpec()
    precision: Annotated[Literal["fp32", "bf16", "tf32"], Choice] = Field(
        "fp32", description="of the forward and backward pass; tf32 on CUDA only"
    )
    record_every: Interval = Field("100st", description="distance of records, in steps (100) or epochs (1ep)")
    test_curve: bool = Field(False, description="test accuracy at every record, not only at early stop and at the end")
    validation_loss: Annotated[Literal["sample-mean", "batch-mean"], Choice] = Field(
        "sample-mean",
        description="batch-mean weighs every batch the same, the incomplete last one too (a known defect, to compare)",
    )
    converge: ConvergeSpec = ConvergeSpec()

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if Length.parse(self.length).value == 0:
            raise ValueError("length must be at least one step or epoch")
        if Length.parse(self.record_every).value == 0:
            raise ValueError("record_every must be at least one step")
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs momentum above 0")
        return self


class EngineSpec(Part):
    """What trains the networks. Nothing but numerical noise may depend on it."""

    kind: Annotated[str, Choice] = Field("auto", description="auto or a registered engine")
    device: Annotated[str, Choice] = Field("auto", description="auto (cuda where present), cpu, cuda, cuda:1, ...")
    threads: Positive = Field(1, description="threads of one job; part of what determines its bits")


class StoreSpec(Part):
    """What a finished job keeps."""

    keep: Annotated[Literal["all", "early-stop", "masks"], Choice] = Field(
        "all", description="states kept per job: all (initial, trained, early stop), early-stop (no trained), masks"
    )

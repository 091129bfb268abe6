"""The part of an experiment that says how score-trained masks are searched for, weights frozen."""

from typing import Annotated, Literal

from pydantic import Field

from tombola.specs.parts import Part
from tombola.specs.tokens import Choice, Duration, Interval, Maybe, PositiveReal, Rate, Real


class SearchSpec(Part):
    """Score-trained masks: weights stay as they were initialised, a score for each of them is trained.

    Names follow the sources: edge-popup (Ramanujan et al. 2020), supermasks (Zhou et al. 2019), Gem-Miner (Sreenivasan
    et al. 2022).
    """

    length: Annotated[Duration | None, Maybe] = Field(None, description="of the search; default: train.length")
    optimiser: Annotated[Literal["sgd", "adam"], Choice] = Field("sgd", description="of the scores")
    lr: PositiveReal = Field(0.1, description="learning rate of the scores")
    schedule: Annotated[Literal["cosine", "constant"], Choice] = Field("cosine", description="of the learning rate")
    momentum: Rate = Field(0.9, description="for sgd")
    weight_decay: Real = Field(0.0, description="of the scores")
    score_init: Annotated[
        Literal["default", "uniform", "half", "bernoulli", "bimodal", "skewed", "kaiming-uniform", "normal"], Choice
    ] = Field(
        "default",
        description="gem-miner: uniform U(0, 1), half .5, bernoulli, bimodal Beta(.1, .1), skewed Beta(1, 5); "
        "edge-popup: kaiming-uniform; probabilistic: normal; default: that of the procedure",
    )
    scope: Annotated[Literal["layerwise", "global", "global-iterative"], Choice] = Field(
        "layerwise",
        description="edge-popup: the top of every layer, of all layers, or of all by a density that falls in steps",
    )
    scale_fan: bool = Field(False, description="divide initial weights by the square root of the density to be kept")
    period: Duration = Field("2ep", description="gem-miner, global-iterative: distance of prunings")
    prune_type: Annotated[Literal["bottom-k", "local-bottom-k", "threshold", "bottom-k-published"], Choice] = Field(
        "bottom-k",
        description="gem-miner: the lowest scores of all layers, of each layer, or all up to .5; published: the lowest "
        "of all layers with everything that equals the last of them",
    )
    rounding: Annotated[Literal["exact", "threshold", "probabilistic", "all-ones"], Choice] = Field(
        "exact",
        description="at the end: exact keeps as many of the highest scores as asked for; threshold what is on (as "
        "published); probabilistic draws; all-ones (gem-miner) every candidate",
    )
    unflag: bool = Field(False, description="gem-miner: fine-tune every flagged weight, whatever its score")
    balance: bool = Field(
        True,
        description="gem-miner: in every step as many weights are on as the schedule asks for, and scores are "
        "regularised and decayed only while more of them exceed .5; false as published",
    )
    regulariser: Annotated[Literal["none", "l1", "l2", "l1-l2", "power", "weighted", "entropy"], Choice] = Field(
        "l2", description="gem-miner, of scores s: l1, l2, both, s^a (1-s)^b, w^2 s (1-s), or binary entropy"
    )
    strength: Real = Field(1e-4, description="factor of the regulariser")
    alpha: PositiveReal = Field(1.0, description="for 'power': exponent of s")
    alpha_prime: PositiveReal = Field(1.0, description="for 'power': exponent of 1 - s")
    noise: Real = Field(0.0, description="standard deviation of normal noise on the scores in the forward pass")
    signed_constant: bool = Field(
        False, description="probabilistic: replace weights by their sign times the layer's standard deviation"
    )
    dynamic_scale: bool = Field(False, description="probabilistic: scale weights by size over survivors in every step")


class DynamicSpec(Part):
    """Dynamic sparse training: a sparse mask that moves while its network is trained."""

    update_every: Interval = Field("100st", description="distance of mask updates")
    fraction: Rate = Field(0.3, description="share of survivors replaced at the first update")
    decay: Annotated[Literal["cosine", "constant"], Choice] = Field("cosine", description="of that share over time")
    until: PositiveReal = Field(0.75, description="share of training after which the mask stays", le=1)
    distribution: str = Field("erk", description="allocation of the first mask: erk, uniform, ...")

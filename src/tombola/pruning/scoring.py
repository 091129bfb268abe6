"""Scores: a number per prunable weight, higher = keep. Adding one is a function of a context and a registry line."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.pruning.context import ScoreContext
from tombola.registry import Registry

Score = Callable[[ScoreContext], dict[str, Float[Tensor, "..."]]]
"""Context -> layer name -> floating-point tensor shaped like the weights."""

scores: Registry[Score] = Registry("score")


@scores.register("magnitude")
def magnitude(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score a weight by its absolute value after the last training step (Frankle & Carbin 2019)."""
    return {layer.name: context.final[layer.name].abs() for layer in context.layers}


@scores.register("random")
def random(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score every weight by a uniform random number: which weights survive has nothing to do with training."""
    return {layer.name: torch.rand(layer.shape, generator=context.generator) for layer in context.layers}


def score_weights(name: str, context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Return the scores of all prunable weights by a registered score, checked to be what allocations need.

    Raises
    ------
    TombolaError
        If the score is unknown, or leaves a layer out, or returns a wrong shape or type.
    """
    found = scores[name](context)
    for layer in context.layers:
        if layer.name not in found:
            raise TombolaError(
                f"score '{name}' says nothing about layer '{layer.name}'; it must score every prunable layer"
            )
        values = found[layer.name]
        if tuple(values.shape) != layer.shape or not values.is_floating_point():
            raise TombolaError(
                f"score '{name}' returns {list(values.shape)} {values.dtype} for layer '{layer.name}'; "
                f"floating-point numbers shaped {list(layer.shape)} are needed"
            )
    return found

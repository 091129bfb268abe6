"""Scores that compare where a weight ended with where it began: the mask criteria of Zhou et al. 2019.

w_i is a weight at step 0, w_f the same weight after the last training step. Zhou et al. rank each layer by itself
(``prune.allocation: layerwise``); under ``global`` the same numbers are compared over all layers. ::

    name                 score                   keeps
    magnitude            |w_f|                   what ends large ("large final"; it is in `tombola.pruning.scoring`)
    small-final          -|w_f|                  what ends small
    large-init           |w_i|                   what begins large
    small-init           -|w_i|                  what begins small
    both-large           min(a |w_f|, |w_i|)     what begins and ends large ("large init, large final")
    both-small           -max(a |w_f|, |w_i|)    what begins and ends small ("small init, small final")
    magnitude-increase   |w_f| - |w_i|           what grows away from zero; what shrinks goes first
    movement             |w_f - w_i|             what moves far, whichever way
    final-minus-initial  w_f - w_i               what moves towards larger numbers, whatever its magnitude does

The last three agree on weights that are positive before and after and grow. From 1 to -1 the magnitude increase is 0,
the movement 2, and final minus initial -2. The factor a brings both distributions of a layer to one scale: the sum of
|w_i| over the sum of |w_f|, both over its survivors.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.pruning.context import ScoreContext
from tombola.pruning.scoring import scores

Scored = dict[str, Float[Tensor, "..."]]


@scores.register("small-final")
def small_final(context: ScoreContext) -> Scored:
    """Score a weight by how small it is after training: the reverse of magnitude."""
    return {layer.name: -context.final[layer.name].abs() for layer in context.layers}


@scores.register("large-init")
def large_init(context: ScoreContext) -> Scored:
    """Score a weight by its magnitude at step 0: which weights survive has nothing to do with training."""
    return {layer.name: context.initial[layer.name].abs() for layer in context.layers}


@scores.register("small-init")
def small_init(context: ScoreContext) -> Scored:
    """Score a weight by how small it is at step 0."""
    return {layer.name: -context.initial[layer.name].abs() for layer in context.layers}


@scores.register("both-large")
def both_large(context: ScoreContext) -> Scored:
    """Score a weight by the smaller one of its initial and (rescaled) final magnitude."""
    return {layer.name: torch.minimum(*_both(context, layer.name)) for layer in context.layers}


@scores.register("both-small")
def both_small(context: ScoreContext) -> Scored:
    """Score a weight by how small the larger one of its initial and (rescaled) final magnitude is."""
    return {layer.name: -torch.maximum(*_both(context, layer.name)) for layer in context.layers}


@scores.register("magnitude-increase")
def magnitude_increase(context: ScoreContext) -> Scored:
    """Score a weight by how much its magnitude grew in training; one that shrank scores below zero."""
    return {layer.name: context.final[layer.name].abs() - context.initial[layer.name].abs() for layer in context.layers}


@scores.register("movement")
def movement(context: ScoreContext) -> Scored:
    """Score a weight by the distance between its final and its initial value."""
    return {layer.name: (context.final[layer.name] - context.initial[layer.name]).abs() for layer in context.layers}


@scores.register("final-minus-initial")
def final_minus_initial(context: ScoreContext) -> Scored:
    """Score a weight by its signed change: weights that became more positive stay."""
    return {layer.name: context.final[layer.name] - context.initial[layer.name] for layer in context.layers}


def _both(context: ScoreContext, name: str) -> tuple[Tensor, Tensor]:
    """Return a layer's final magnitudes on the scale of its initial ones, and those."""
    initial, final, keep = context.initial[name].abs(), context.final[name].abs(), context.mask[name]
    begun, ended = (float(values[keep].sum(dtype=torch.float64)) for values in (initial, final))
    return final * (begun / ended) if begun and ended else final, initial

"""SynFlow: how much of a network's total flow passes through a weight (Tanaka et al. 2020). Sees no data."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import functional_call

from tombola.pruning.context import ScoreContext
from tombola.pruning.gradients import Tensors, private_tensors, scored_weights, scoring
from tombola.pruning.modes import evaluating
from tombola.pruning.scoring import scores

Scored = dict[str, Float[Tensor, "..."]]


@scores.register("synflow")
def synflow(context: ScoreContext) -> Scored:
    """Score a weight by abs(w dR/dw), in double precision.

    R is the sum of the outputs for one image of ones, when every floating-point tensor of the network's state (weights,
    biases, normalisation) has its absolute value, in evaluation mode whatever ``prune.score_mode`` says. Without biases
    the scores of every layer add up to R, and so do, at a hidden unit, those that come in and those that go out; biases
    count in R (sparse-analysis reference, section 3.2). Meant for many rounds: 100 as published.
    """
    return flow(context, torch.float64)


@scores.register("synflow-float32")
def synflow_float32(context: ScoreContext) -> Scored:
    """Score a weight as `synflow` does, in single precision: as published.

    Sums over paths grow with the product of layer widths; above 3.4e38 (ResNet-56, say) scores overflow, which is
    refused. ``synflow`` and ``synflow-rescaled`` do not.
    """
    return flow(context, torch.float32)


def flow(context: ScoreContext, dtype: torch.dtype) -> Scored:
    """Return abs(w dR/dw) of every prunable weight, computed in a precision."""
    module = context.module
    tensors = absolute(private_tensors(module, dtype))
    weights = scored_weights(context, tensors)
    device = next(iter(weights.values())).device
    with scoring(context), evaluating(module):
        ones = torch.ones(1, *context.image_shape, dtype=dtype, device=device)
        outputs = functional_call(module, tensors, (ones,))
        gradients = torch.autograd.grad(outputs.sum(), list(weights.values()), allow_unused=True)
    return products(weights, gradients)


def absolute(tensors: Tensors) -> Tensors:
    """Return tensors with every floating-point number made positive."""
    return {name: value.abs() if value.is_floating_point() else value for name, value in tensors.items()}


def products(weights: Tensors, gradients: tuple[Tensor | None, ...]) -> Scored:
    """Return the absolute value of weight times gradient; 0 where a weight has none."""
    return {
        name: torch.zeros_like(weight, requires_grad=False) if gradient is None else (weight.detach() * gradient).abs()
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
    }

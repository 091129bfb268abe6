"""GraSP: how much less gradient would flow without a weight (Wang et al. 2020)."""

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.pruning.context import ScoreContext
from tombola.pruning.gradients import accumulate, batch_losses, mean_gradients, private_tensors, scored_weights, scoring
from tombola.pruning.scoring import scores

TEMPERATURE = 200.0
"""What outputs are divided by before the loss is taken, as published."""

SMALL = 1e-10
"""Added to the sum that scores are divided by, as published."""


@scores.register("grasp")
def grasp(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score a weight by w (Hg), divided by abs(sum of all); the lowest go, and many are below zero.

    g is the gradient of the loss, H its Hessian, both of the mean cross-entropy of outputs divided by 200 over all
    images offered. To first order, removing a weight changes the squared norm of the gradient by -2 w (Hg). The paper's
    score is -w (Hg), of which the largest go (field reference 2.5): the same order.

    g is computed first and held constant; Hg is then the gradient of its inner product with the gradient, both times
    accumulated over the same batches (sparse-analysis reference, section 3.2).
    """
    tensors = private_tensors(context.module)
    weights = scored_weights(context, tensors)
    with scoring(context):
        held, count = mean_gradients(context, tensors, weights, TEMPERATURE)
        products = {name: torch.zeros_like(value) for name, value in held.items()}
        for loss, _ in batch_losses(context, tensors, TEMPERATURE):
            gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=True, allow_unused=True)
            pairs = zip(held.values(), gradients, strict=True)
            inner = sum((value * gradient).sum() for value, gradient in pairs if gradient is not None)
            if isinstance(inner, Tensor) and inner.requires_grad:
                accumulate(products, torch.autograd.grad(inner, list(weights.values()), allow_unused=True))
    found = {name: weight.detach() * (products[name] / count) for name, weight in weights.items()}
    total = sum(float(value.double().sum()) for value in found.values())
    return {name: value / (abs(total) + SMALL) for name, value in found.items()}

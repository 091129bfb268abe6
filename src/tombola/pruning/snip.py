"""SNIP: how much the loss depends on whether a weight is there (Lee et al. 2019)."""

from jaxtyping import Float
from torch import Tensor

from tombola.pruning.context import ScoreContext
from tombola.pruning.gradients import mean_gradients, private_tensors, scored_weights, scoring
from tombola.pruning.scoring import scores


@scores.register("snip")
def snip(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score a weight by its share of the loss's sensitivity to the mask: abs(w dL/dw), divided by the sum of all.

    The derivative of the loss L in the mask m of a weight, at m = 1, is w dL/dw. L is the mean cross-entropy over all
    images offered (10 of each class by default), its gradient accumulated before absolute values are taken
    (sparse-analysis reference, section 3.2; field reference 2.5 takes one mini-batch).
    """
    tensors = private_tensors(context.module)
    weights = scored_weights(context, tensors)
    with scoring(context):
        gradients, _ = mean_gradients(context, tensors, weights)
    found = {name: (weight.detach() * gradients[name]).abs() for name, weight in weights.items()}
    total = sum(float(value.double().sum()) for value in found.values())
    return {name: value / total for name, value in found.items()} if total else found

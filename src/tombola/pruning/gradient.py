"""The gradient's own magnitude as a score; times the weight it is `snip`."""

from jaxtyping import Float
from torch import Tensor

from tombola.pruning.context import ScoreContext
from tombola.pruning.gradients import mean_gradients, private_tensors, scored_weights, scoring
from tombola.pruning.scoring import scores


@scores.register("gradient")
def gradient(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score a weight by abs(dL/dw) of the network as it is, whatever the weight: what training would move most stays.

    L is the mean cross-entropy over all images offered (``prune.samples_per_class`` training images of each class, not
    augmented), its gradient accumulated before the absolute value is taken. In a procedure that prunes trained networks
    that is the network of the level above, masked. ``snip`` scores abs(w dL/dw) of the same gradients: what the loss
    loses, to first order, when the weight goes.
    """
    tensors = private_tensors(context.module)
    weights = scored_weights(context, tensors)
    with scoring(context):
        gradients, _ = mean_gradients(context, tensors, weights)
    return {name: value.abs() for name, value in gradients.items()}

"""One round of pruning: score, then allocate."""

from tombola.errors import TombolaError
from tombola.pruning.allocation import allocations
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask
from tombola.pruning.request import Request
from tombola.pruning.scoring import score_weights
from tombola.specs import PruneSpec


def prune_round(context: ScoreContext, spec: PruneSpec) -> Mask:
    """Return the mask of the next level.

    Parameters
    ----------
    context
        The network trained at this level, and its mask.
    spec
        Score, allocation, rates, rounding, ties and floor.

    Raises
    ------
    TombolaError
        If score or allocation is unknown, scores are not finite, or floors and rates contradict each other.
    """
    return prune_by(context, spec.score, spec.allocation, Request.for_round(context.layers, spec, context.generator))


def prune_by(context: ScoreContext, score: str, allocation: str, request: Request) -> Mask:
    """Return the mask that a score and an allocation, both by name, make of a request.

    Raises
    ------
    TombolaError
        As `prune_round`; also if the mask is not of the layers to be pruned, or the allocation lets weights return.
    """
    allocate = allocations[allocation]
    shapes = {layer.name: layer.shape for layer in context.layers}
    if context.mask.shapes() != shapes:
        raise TombolaError(
            f"the mask covers {sorted(context.mask)}, the layers to prune are {sorted(shapes)}; they must agree"
        )
    mask = allocate(score_weights(score, context), context.mask, request)
    if not mask.is_within(context.mask):
        raise TombolaError(
            f"allocation '{allocation}' lets pruned weights return; a level's mask must lie within the one before"
        )
    if request.keep is not None and mask.count != request.keep:
        raise TombolaError(f"allocation '{allocation}' keeps {mask.count} weights where {request.keep} were asked for")
    return mask

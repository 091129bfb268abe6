"""One round of pruning, or all rounds at once: score, then allocate."""

from dataclasses import replace

from tombola.errors import TombolaError
from tombola.pruning.allocation import Scores, allocations
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask
from tombola.pruning.request import Request
from tombola.pruning.schedule import planned_remaining
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


def prune_to_level(context: ScoreContext, spec: PruneSpec, level: int) -> Mask:
    """Return the mask of a level that is pruned in one step: scored once, and with as many survivors as planned.

    The same scores are allocated level after level, each level within the one before, so masks of different levels are
    nested however ties are settled, and their counts are those of `planned_remaining`.

    Parameters
    ----------
    context
        The dense network after training, and the mask it was trained with.
    spec
        As for `prune_round`; also the counts.
    level
        1 removes what one round removes.

    Raises
    ------
    TombolaError
        As `prune_round`.
    """
    found, mask = score_weights(spec.score, context), context.mask
    per_round = Request.for_round(context.layers, spec, context.generator)
    for plan in planned_remaining(context.layers, spec, level)[1:]:
        request = replace(per_round, keep=plan.total, counts=plan.remaining)
        mask = _allocated(found, replace(context, mask=mask), spec.allocation, request)
    return mask


def prune_by(context: ScoreContext, score: str, allocation: str, request: Request) -> Mask:
    """Return the mask that a score and an allocation, both by name, make of a request.

    Raises
    ------
    TombolaError
        As `prune_round`; also if the mask is not of the layers to be pruned, or the allocation lets weights return.
    """
    shapes = {layer.name: layer.shape for layer in context.layers}
    if context.mask.shapes() != shapes:
        raise TombolaError(
            f"the mask covers {sorted(context.mask)}, the layers to prune are {sorted(shapes)}; they must agree"
        )
    return _allocated(score_weights(score, context), context, allocation, request)


def _allocated(found: Scores, context: ScoreContext, allocation: str, request: Request) -> Mask:
    mask = allocations[allocation](found, context.mask, request)
    if not mask.is_within(context.mask):
        raise TombolaError(
            f"allocation '{allocation}' lets pruned weights return; a level's mask must lie within the one before"
        )
    if request.keep is not None and mask.count != request.keep:
        raise TombolaError(f"allocation '{allocation}' keeps {mask.count} weights where {request.keep} were asked for")
    return mask

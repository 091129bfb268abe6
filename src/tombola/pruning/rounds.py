"""One round of pruning, or all rounds at once: score, then allocate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tombola.errors import TombolaError
from tombola.pruning.allocation import allocations
from tombola.pruning.context import ScoreContext
from tombola.pruning.mask import Mask
from tombola.pruning.ramp import between
from tombola.pruning.ranking import Scores
from tombola.pruning.request import Request
from tombola.pruning.schedule import LevelPlan, planned_remaining
from tombola.pruning.scoring import score_weights, scores
from tombola.specs import PruneSpec


@dataclass(frozen=True)
class Rounds:
    """What rounds of pruning came to.

    Attributes
    ----------
    mask
        What remains.
    scores
        Of the last round; empty where there was nothing to do.
    scored
        How often weights were scored.
    before
        The mask under which they were scored last.
    """

    mask: Mask
    before: Mask
    scores: Scores = field(default_factory=dict)
    scored: int = 0


def prune_round(context: ScoreContext, spec: PruneSpec, plan: LevelPlan | None = None) -> Mask:
    """Return the mask of the next level.

    Parameters
    ----------
    context
        The network trained at this level, and its mask.
    spec
        Score, allocation, rates, rounding, ties, floor, and whether the highest scores go first.
    plan
        What the next level keeps, where that does not follow from rates: with ``spec.densities``, or counts other
        than iterated.

    Raises
    ------
    TombolaError
        If score or allocation is unknown, scores are not finite, or floors and rates contradict each other.
    """
    request = Request.for_round(context.layers, spec, context.generator)
    if plan is not None:
        request = replace(request, keep=plan.total, counts=plan.remaining, shares=plan.shares)
    return prune_by(context, spec.score, spec.allocation, request, invert=spec.invert)


def prune_to_level(context: ScoreContext, spec: PruneSpec, level: int) -> Mask:
    """Return the mask of a level that is pruned in one step: scored once, and with as many survivors as planned.

    The same scores are allocated level after level, each level within the one before, so masks of different levels are
    nested however ties are settled, and their counts are those of `planned_remaining`. With ``spec.densities`` a level
    is allocated from dense, whatever other levels there are: nested where the index settles ties.

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
    found, mask = _scored(context, spec.score, spec.invert), context.mask
    per_round = Request.for_round(context.layers, spec, context.generator)
    plans = planned_remaining(context.layers, spec, level)[1:]
    for plan in plans[-1:] if spec.densities or spec.rates else plans:
        request = replace(per_round, keep=plan.total, counts=plan.remaining, shares=plan.shares)
        mask = _allocated(found, replace(context, mask=mask), spec.allocation, request)
    return mask


def prune_in_rounds(
    context: ScoreContext,
    score: str,
    allocation: str,
    request: Request,
    totals: Sequence[int],
    *,
    invert: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Rounds:
    """Score and prune round after round, each time the network as the round before left it.

    Parameters
    ----------
    context
        The network; its mask is where it begins.
    score, allocation
        Registered names.
    request
        Counts per layer to end with, if they are fixed; rounding, ties, floor.
    totals
        Survivors after every round. One that keeps no less than what survives is left out, and not scored.
    invert
        Remove the highest scores first.
    tell
        Hears how many of how many rounds are done.

    Raises
    ------
    TombolaError
        As `prune_by`.
    """
    _ = scores[score], allocations[allocation]
    _check_layers(context)
    if totals[-1] > context.mask.count:
        raise TombolaError(
            f"{totals[-1]} weights should remain and only {context.mask.count} survive; ask for a lower density"
        )
    result = Rounds(context.mask, context.mask)
    for done, total in enumerate(totals, start=1):
        mask = result.mask
        if total < mask.count:
            now = replace(context, mask=mask)
            found = _scored(now, score, invert)
            counts = between(mask.remaining(), dict(request.counts), total) if request.counts is not None else None
            shares = _shares_between(allocation, request, mask, total)
            after = _allocated(found, now, allocation, replace(request, keep=total, counts=counts, shares=shares))
            result = Rounds(after, mask, found, result.scored + 1)
        tell(done, len(totals))
    return result


def _shares_between(allocation: str, request: Request, mask: Mask, total: int) -> dict[str, int] | None:
    """Return what groups of layers keep on the way to what they end with."""
    groups = allocations[allocation].groups
    if groups is None or request.shares is None:
        return None
    remaining = mask.remaining()
    now = {name: sum(remaining[layer] for layer in group) for name, group in groups(request.layers).items()}
    return between(now, dict(request.shares), total)


def prune_by(context: ScoreContext, score: str, allocation: str, request: Request, *, invert: bool = False) -> Mask:
    """Return the mask that a score and an allocation, both by name, make of a request.

    Raises
    ------
    TombolaError
        As `prune_round`; also if the mask is not of the layers to be pruned, or the allocation lets weights return.
    """
    _check_layers(context)
    return _allocated(_scored(context, score, invert), context, allocation, request)


def _check_layers(context: ScoreContext) -> None:
    shapes = {layer.name: layer.shape for layer in context.layers}
    if context.mask.shapes() != shapes:
        raise TombolaError(
            f"the mask covers {sorted(context.mask)}, the layers to prune are {sorted(shapes)}; they must agree"
        )


def _scored(context: ScoreContext, score: str, invert: bool) -> Scores:
    found = score_weights(score, context)
    return {name: -value for name, value in found.items()} if invert else found


def _allocated(found: Scores, context: ScoreContext, allocation: str, request: Request) -> Mask:
    rule = allocations[allocation]
    mask = rule(found, context.mask, request)
    if not mask.is_within(context.mask):
        raise TombolaError(
            f"allocation '{allocation}' lets pruned weights return; a level's mask must lie within the one before"
        )
    exact = not rule.whole or request.counts is not None
    if exact and request.keep is not None and abs(mask.count - request.keep) > rule.misses:
        raise TombolaError(f"allocation '{allocation}' keeps {mask.count} weights where {request.keep} were asked for")
    return mask

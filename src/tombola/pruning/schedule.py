"""Level schedules: how many weights every level keeps, known before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tombola.networks import PrunableLayer
from tombola.pruning.allocation import AllocationRule, allocations
from tombola.pruning.cumulative import cumulative_remaining
from tombola.pruning.grouped import group_sizes, shares_left
from tombola.pruning.legacy import half_rate_remaining
from tombola.pruning.removal import overall_removal
from tombola.pruning.request import Request, kept_at
from tombola.specs import PruneSpec
from tombola.specs.prune import CUMULATIVE, LEGACY_COUNTS
from tombola.specs.tokens import exact


@dataclass(frozen=True)
class LevelPlan:
    """What one level keeps.

    Attributes
    ----------
    level
        0 is dense.
    remaining
        Survivors per layer; None where scores decide how they spread.
    total
        Survivors over all layers.
    shares
        Survivors per group of layers, where the allocation has groups: exact, while scores decide within a group.
    """

    level: int
    remaining: dict[str, int] | None
    total: int
    shares: dict[str, int] | None = None


def planned_remaining(layers: Sequence[PrunableLayer], spec: PruneSpec, levels: int | None = None) -> list[LevelPlan]:
    """Return what each level keeps, 0 (dense) to `levels`; default: to ``spec.levels``.

    Allocations that fix counts per layer: exact per layer. Those with groups of layers: exact per group. Any other:
    exact in total. With ``spec.densities``, a level keeps n - round(n x (1 - density)) of all n weights, whatever other
    levels there are; with ``spec.rates`` floor(n / rate + 1/2) of the n weights of each layer, of each group, or of
    all, as the allocation treats them. Else every level is pruned by one more round, in whichever procedure: by the
    rates per kind of layer (layerwise), or by ``spec.rate`` over all layers together; but for ``spec.counts:
    legacy-half-rate`` and ``cumulative``.

    Raises
    ------
    TombolaError
        If the allocation is unknown, or a level would need more weights than it keeps to respect ``prune.floor``.
    """
    rule = allocations[spec.allocation]
    levels = spec.levels if levels is None else levels
    if spec.counts in (LEGACY_COUNTS, CUMULATIVE):
        left = half_rate_remaining if spec.counts == LEGACY_COUNTS else cumulative_remaining
        kept = [left(layers, spec, level) for level in range(levels + 1)]
        return [LevelPlan(level, remaining, sum(remaining.values())) for level, remaining in enumerate(kept)]
    request = Request.for_round(tuple(layers), spec)
    sizes = {layer.name: layer.size for layer in layers}
    plans = [LevelPlan(0, sizes, sum(sizes.values()), group_sizes(rule, layers))]
    if spec.densities:
        for level, density in enumerate(spec.densities[:levels], start=1):
            keep = kept_at(plans[0].total, density, spec.rounding)
            plans.append(_next(plans[0], level, replace(request, keep=keep), rule))
        return plans
    if spec.rates:
        for level, rate in enumerate(spec.rates[:levels], start=1):
            plans.append(_next(plans[0], level, replace(request, compression=exact(rate)), rule))
        return plans
    for level in range(1, levels + 1):
        plans.append(_next(plans[-1], level, request, rule))
    return plans


def expected_densities(plan: LevelPlan, layers: Sequence[PrunableLayer], spec: PruneSpec) -> dict[str, float]:
    """Return the density of each layer at a level as far as it is planned.

    Where scores decide how survivors spread, over a group of layers or over all, each counts as dense as the whole.
    """
    sizes = {layer.name: layer.size for layer in layers}
    if plan.remaining is not None:
        return {name: plan.remaining[name] / size for name, size in sizes.items()}
    groups = allocations[spec.allocation].groups
    if groups is None or plan.shares is None:
        return dict.fromkeys(sizes, plan.total / sum(sizes.values()))
    shares, members = plan.shares, groups(layers)
    return {
        name: shares[group] / sum(sizes[each] for each in names) for group, names in members.items() for name in names
    }


def _next(before: LevelPlan, level: int, request: Request, rule: AllocationRule) -> LevelPlan:
    """Return what a level keeps that is pruned from another one."""
    if rule.split is not None and before.remaining is not None:
        remaining = rule.split(before.remaining, request)
        return LevelPlan(level, remaining, sum(remaining.values()))
    if rule.groups is not None and before.shares is not None:
        sizes = {layer.name: layer.size for layer in request.layers}
        shares = shares_left(before.shares, request, rule.groups(request.layers), sizes)
        return LevelPlan(level, None, sum(shares.values()), shares)
    protected = sum(min(request.floor, layer.size) for layer in request.layers)
    return LevelPlan(level, None, before.total - overall_removal(before.total, protected, request))

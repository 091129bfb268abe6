"""Level schedules: how many weights every level keeps, known before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tombola.networks import PrunableLayer
from tombola.pruning.allocation import Split, allocations
from tombola.pruning.legacy import half_rate_remaining
from tombola.pruning.removal import overall_removal
from tombola.pruning.request import Request, kept_at
from tombola.specs import PruneSpec
from tombola.specs.prune import LEGACY_COUNTS


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
    """

    level: int
    remaining: dict[str, int] | None
    total: int


def planned_remaining(layers: Sequence[PrunableLayer], spec: PruneSpec, levels: int | None = None) -> list[LevelPlan]:
    """Return what each level keeps, 0 (dense) to `levels`; default: to ``spec.levels``.

    Allocations that fix counts per layer: exact per layer. Any other: exact in total. With ``spec.densities``, a level
    keeps n - round(n x (1 - density)) of all n weights, whatever other levels there are. Else every level is pruned by
    one more round, in whichever procedure: by the rates per kind of layer (layerwise), or by ``spec.rate`` over all
    layers together; but for ``spec.counts: legacy-half-rate``.

    Raises
    ------
    TombolaError
        If the allocation is unknown, or a level would need more weights than it keeps to respect ``prune.floor``.
    """
    split = allocations[spec.allocation].split
    levels = spec.levels if levels is None else levels
    if spec.counts == LEGACY_COUNTS:
        kept = [half_rate_remaining(layers, spec, level) for level in range(levels + 1)]
        return [LevelPlan(level, remaining, sum(remaining.values())) for level, remaining in enumerate(kept)]
    request = Request.for_round(tuple(layers), spec)
    sizes = {layer.name: layer.size for layer in layers}
    plans = [LevelPlan(0, sizes, sum(sizes.values()))]
    if spec.densities:
        for level, density in enumerate(spec.densities[:levels], start=1):
            keep = kept_at(plans[0].total, density, spec.rounding)
            plans.append(_next(plans[0], level, replace(request, keep=keep), split))
        return plans
    for level in range(1, levels + 1):
        plans.append(_next(plans[-1], level, request, split))
    return plans


def _next(before: LevelPlan, level: int, request: Request, split: Split | None) -> LevelPlan:
    """Return what a level keeps that is pruned from another one."""
    if split is not None and before.remaining is not None:
        remaining = split(before.remaining, request)
        return LevelPlan(level, remaining, sum(remaining.values()))
    protected = sum(min(request.floor, layer.size) for layer in request.layers)
    return LevelPlan(level, None, before.total - overall_removal(before.total, protected, request))

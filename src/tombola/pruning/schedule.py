"""Level schedules: how many weights every level keeps, known before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

from tombola.networks import PrunableLayer
from tombola.pruning.allocation import allocations
from tombola.pruning.legacy import half_rate_remaining
from tombola.pruning.removal import layerwise_removal, overall_removal
from tombola.pruning.request import Request
from tombola.specs import PruneSpec
from tombola.specs.prune import LEGACY_COUNTS

BY_LAYER = ("layerwise",)
"""Allocations whose counts per layer do not depend on scores."""


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

    Layerwise allocation: exact per layer. Any other: exact in total, by ``spec.rate`` over all layers together. Every
    level is pruned by one more round, in whichever procedure; but for ``spec.counts: legacy-half-rate``.

    Raises
    ------
    TombolaError
        If the allocation is unknown, or a level would need more weights than it keeps to respect ``prune.floor``.
    """
    _ = allocations[spec.allocation]
    levels = spec.levels if levels is None else levels
    if spec.counts == LEGACY_COUNTS:
        kept = [half_rate_remaining(layers, spec, level) for level in range(levels + 1)]
        return [LevelPlan(level, remaining, sum(remaining.values())) for level, remaining in enumerate(kept)]
    request = Request.for_round(tuple(layers), spec)
    remaining: dict[str, int] = {layer.name: layer.size for layer in layers}
    by_layer = spec.allocation in BY_LAYER
    total = sum(remaining.values())
    protected = sum(min(spec.floor, size) for size in remaining.values())
    plans = [LevelPlan(0, dict(remaining), total)]
    for level in range(1, levels + 1):
        if by_layer:
            removal = layerwise_removal(remaining, request)
            remaining = {name: count - removal[name] for name, count in remaining.items()}
            total = sum(remaining.values())
        else:
            total -= overall_removal(total, protected, request)
        plans.append(LevelPlan(level, dict(remaining) if by_layer else None, total))
    return plans

"""Counts of levels that are pruned by a share of all weights, not of the survivors (signs reference, section 1.4)."""

from collections.abc import Sequence

from tombola.networks import PrunableLayer
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate
from tombola.specs import PruneSpec


def cumulative_remaining(layers: Sequence[PrunableLayer], spec: PruneSpec, level: int) -> dict[str, int]:
    """Return the survivors per layer when level k is without a share 1 - (1 - rate)^k of all n weights of a layer.

    Rates are those of the kind of layer; the share is computed exactly, and rounded once. Rounds of the same rate
    round at every level, and differ by a few weights.

    Examples
    --------
    >>> layer = PrunableLayer("conv.0.weight", "conv", (64, 3, 3, 3))
    >>> cumulative_remaining([layer], PruneSpec(counts="cumulative", rounding="percentile"), 11)
    {'conv.0.weight': 542}
    """
    rates = Request.for_round(tuple(layers), spec).rates
    kept = {}
    for layer in layers:
        gone = removed_at_rate(layer.size, 1 - (1 - rates[layer.name]) ** level, spec.rounding)
        kept[layer.name] = max(layer.size - gone, min(spec.floor, layer.size))
    return kept

"""Counts as published: what the reference framework's one-shot levels keep, floating-point roundings included."""

import math
from collections.abc import Sequence

from tombola.networks import PrunableLayer
from tombola.specs import PruneSpec


def half_rate_remaining(layers: Sequence[PrunableLayer], spec: PruneSpec, level: int) -> dict[str, int]:
    """Return the survivors per layer that a level keeps by the cumulative rule of playground reference, section 6.2.

    A rate r starts at 0 and becomes r + (1 - r) x rate at every level, in double precision; a layer of n weights loses
    ceil(n x r) of them. The output layer goes by half the r of linear layers, which is more than the rounds of half the
    rate leave, and r itself is sometimes a bit too large.

    Examples
    --------
    >>> layer = PrunableLayer("linear.0.weight", "linear", (300, 784))
    >>> half_rate_remaining([layer], PruneSpec(procedure="one-shot", counts="legacy-half-rate"), 2)
    {'linear.0.weight': 150527}
    """
    conv = linear = 0.0
    for _ in range(level):
        conv += (1 - conv) * spec.conv_rate
        linear += (1 - linear) * spec.linear_rate
    rates = {"conv": conv, "linear": linear, "output": linear / 2}
    kept = {layer.name: layer.size - math.ceil(layer.size * rates[layer.kind]) for layer in layers}
    return {layer.name: max(kept[layer.name], min(spec.floor, layer.size)) for layer in layers}

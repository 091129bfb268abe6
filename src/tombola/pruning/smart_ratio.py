"""Smart ratios: densities that fall towards the output (Su et al. 2020; sparse-analysis reference, section 4.3)."""

from collections.abc import Callable, Sequence

from tombola.networks import PrunableLayer
from tombola.pruning.profiles import register_profile
from tombola.pruning.sharing import Curve

HEAD = 0.3
"""Density of the output layer."""

Part = Callable[[int, int], float]
"""(number of layers L, which of them l, from 1) -> relative density."""


@register_profile("smart-ratio")
def smart_ratio(layers: Sequence[PrunableLayer], most: Sequence[int]) -> Curve:
    """Keep (L - l + 1)^2 + (L - l + 1) parts of layer l of L, and .3 of the output layer.

    The output layer does not count among the L. A factor makes the total fit; what would make a layer denser than dense
    goes to the layers after it. Where the totals leave the rule no room, the output layer takes no more than all others
    together, and what these cannot hold.
    """
    return _curve(layers, most, lambda depth, number: (depth - number + 1) ** 2 + (depth - number + 1))


@register_profile("smart-ratio-vgg")
def smart_ratio_vgg(layers: Sequence[PrunableLayer], most: Sequence[int]) -> Curve:
    """Keep ((L - l + 1)^2 + (L - l + 1)) / l^2 parts of layer l of L; else as `smart_ratio`: as published for VGG."""
    return _curve(layers, most, lambda depth, number: ((depth - number + 1) ** 2 + (depth - number + 1)) / number**2)


def _curve(layers: Sequence[PrunableLayer], most: Sequence[int], part: Part) -> Curve:
    body = [position for position, layer in enumerate(layers) if layer.kind != "output"]
    wanted = {at: part(len(body), number) * layers[at].size for number, at in enumerate(body, start=1)}

    def curve(scale: float) -> list[float]:
        kept, carried = [0.0] * len(layers), 0.0
        for position in body:
            demand = scale * wanted[position] + carried
            kept[position] = min(float(most[position]), demand)
            carried = demand - kept[position]
        together = sum(kept)
        for position, layer in enumerate(layers):
            if layer.kind == "output":
                fixed = min(HEAD * layer.size, together) if body else scale
                kept[position] = min(float(most[position]), fixed + carried)
        return kept

    return curve

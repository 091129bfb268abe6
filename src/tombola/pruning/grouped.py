"""Allocations by groups of layers: one threshold per group. Adding one is its groups and a registry line."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from torch import Tensor

from tombola.networks import PrunableLayer
from tombola.pruning.allocation import AllocationRule, Groups, allocations, lowest_together, surviving_counts
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores, surviving_scores, without
from tombola.pruning.removal import Counts, apportion, check_total, checked_counts
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate, survivors_at
from tombola.specs.prune import JOINT_LINEAR

TOGETHER = " + "
"""Between the layers of a group in its name."""


def conv_layerwise_linear_joint(layers: Sequence[PrunableLayer]) -> dict[str, tuple[str, ...]]:
    """Return each convolution for itself, and all linear layers together, the output layer among them.

    Convolutions lose ``prune.conv_rate`` of their survivors, the linear layers ``prune.linear_rate`` of all theirs, by
    one threshold: how these spread over them is up to the scores (signs reference, section 1.4).
    """
    alone = [(layer.name,) for layer in layers if layer.kind == "conv"]
    linear = tuple(layer.name for layer in layers if layer.kind != "conv")
    return {TOGETHER.join(group): group for group in (*alone, linear) if group}


def register_groups(name: str, groups: Groups) -> None:
    """File an allocation that removes the lowest-scored survivors of each group together.

    A group loses the rate of its first layer. Asked for an exact total, every group loses the same share. A floor
    exempts the best of each layer, and a group that has no more than those loses less.
    """

    def allocate(scores: Scores, mask: Mask, request: Request) -> Mask:
        remaining = surviving_counts(mask, request)
        gone: dict[str, Tensor] = {}
        members = groups(request.layers)
        survivors = {group: sum(remaining[layer] for layer in names) for group, names in members.items()}
        left = shares_left(survivors, request, members, remaining)
        for group, names in members.items():
            if left[group] < survivors[group]:
                values = {layer: surviving_scores(layer, scores[layer], mask[layer]) for layer in names}
                gone |= lowest_together(values, survivors[group] - left[group], request)
        return without(mask, gone)

    allocations.register(name, groups=groups)(allocate)


def shares_left(
    survivors: Counts, request: Request, groups: Mapping[str, tuple[str, ...]], by_layer: Counts
) -> dict[str, int]:
    """Return how many weights each group keeps.

    Parameters
    ----------
    survivors
        Per group.
    request
        Shares per group, an exact total, a compression rate, or rates; rounding; floor.
    groups
        Name of a group -> names of its layers.
    by_layer
        What a floor can protect in a layer: its survivors, or its size.

    Raises
    ------
    TombolaError
        If shares or total cannot be met.
    """
    if request.shares is not None:
        return checked_counts(survivors, request.shares)
    least = {group: sum(min(request.floor, by_layer[name]) for name in names) for group, names in groups.items()}
    if request.keep is not None:
        check_total(request.keep, sum(survivors.values()), sum(least.values()), request)
        return apportion(survivors, request.keep, least)
    left = {}
    if request.compression is not None:
        sizes = {layer.name: layer.size for layer in request.layers}
        for group, names in groups.items():
            aim = survivors_at(sum(sizes[name] for name in names), request.compression)
            left[group] = min(survivors[group], max(aim, least[group]))
        return left
    for group, names in groups.items():
        rate: Fraction = request.rates[names[0]]
        wanted = removed_at_rate(survivors[group], rate, request.rounding)
        left[group] = max(survivors[group] - wanted, min(least[group], survivors[group]))
    return left


def group_sizes(rule: AllocationRule, layers: Sequence[PrunableLayer]) -> dict[str, int] | None:
    """Return the number of weights of each group of layers; None where an allocation has no groups."""
    if rule.groups is None:
        return None
    sizes = {layer.name: layer.size for layer in layers}
    return {group: sum(sizes[name] for name in names) for group, names in rule.groups(layers).items()}


register_groups(JOINT_LINEAR, conv_layerwise_linear_joint)

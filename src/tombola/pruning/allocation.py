"""Allocations: the rule that turns scores and a request into a mask. Adding one is a function and a registry line."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from tombola.pruning.mask import Mask
from tombola.pruning.ranking import lowest, surviving_scores, tie_generator, without
from tombola.pruning.removal import layerwise_removal, overall_removal
from tombola.pruning.request import Request
from tombola.registry import Registry

Scores = Mapping[str, Float[Tensor, "..."]]
"""Layer name -> a number per weight, shaped like the weights; higher = keep."""

Allocation = Callable[[Scores, Mask, Request], Mask]
"""(scores, mask, request) -> a mask within the given one, with exactly as many survivors as the request asks for."""

allocations: Registry[Allocation] = Registry("allocation")


@allocations.register("layerwise")
def layerwise(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Remove the lowest-scored survivors of each layer by its own rate (Frankle & Carbin 2019).

    A layer that loses nothing is not looked at. Asked for an exact total, every layer loses the same share.
    """
    gone = {}
    for name, count in layerwise_removal(_survivors(mask, request), request).items():
        if count:
            values = surviving_scores(name, scores[name], mask[name])
            gone[name] = lowest(values, count, tie_generator(request))
    return without(mask, gone)


@allocations.register("global")
def globally(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Remove the lowest-scored survivors of all layers together; equal scores by (layer order, flat index).

    A floor exempts the best of each layer; other layers lose more instead.
    """
    survivors = _survivors(mask, request)
    protected = sum(min(request.floor, number) for number in survivors.values())
    count = overall_removal(sum(survivors.values()), protected, request)
    if not count:
        return mask
    values = {name: surviving_scores(name, scores[name], mask[name]) for name in survivors}
    generator = tie_generator(request)
    open_to_removal = {
        name: lowest(values[name], max(0, number - request.floor), generator) for name, number in survivors.items()
    }
    candidates = torch.cat([values[name][chosen] for name, chosen in open_to_removal.items()])
    gone_flat = lowest(candidates, count, generator)
    start = 0
    for chosen in open_to_removal.values():
        stop = start + int(chosen.sum())
        flags = chosen.numpy()
        flags[flags.copy()] = gone_flat[start:stop].numpy()
        start = stop
    return without(mask, open_to_removal)


def _survivors(mask: Mask, request: Request) -> dict[str, int]:
    remaining = mask.remaining()
    return {layer.name: remaining[layer.name] for layer in request.layers}  # the request's order settles ties

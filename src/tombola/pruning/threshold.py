"""Allocations by a threshold, as published in Synaptic-Flow: equal scores at the threshold go together."""

import torch

from tombola.errors import TombolaError
from tombola.pruning.allocation import allocations, surviving_counts
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores, surviving_scores, without
from tombola.pruning.removal import overall_removal
from tombola.pruning.request import Request

MISSES = 5
"""From this many weights off the mark on, pruning is given up, as published."""


@allocations.register("global-threshold", misses=MISSES - 1)
def global_threshold(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Keep scores above the k-th smallest of all layers (sparse-analysis reference, section 3.1).

    k is the number of weights to be without, those pruned earlier included, whose scores count as lowest and who stay
    away. With ``prune.rounding: floor`` it is int((1 - density) N), as published. Floors are refused.

    Raises
    ------
    TombolaError
        If 5 weights or more are missing to the number asked for, because scores tie.
    """
    keep = _target(mask, request)
    values = {
        layer.name: surviving_scores(layer.name, scores[layer.name], mask[layer.name]) for layer in request.layers
    }
    threshold = _smallest(torch.cat(list(values.values())), mask.count - keep)
    return _checked(without(mask, {name: value <= threshold for name, value in values.items()}), keep)


@allocations.register("local-threshold", misses=MISSES - 1)
def local_threshold(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Keep scores above the k-th smallest of each layer: `global_threshold`, tensor by tensor.

    k is int((1 - density) n) in a layer of n weights, so up to one weight a layer more is kept than all together were
    asked for: networks of many layers are refused by the published check.

    Raises
    ------
    TombolaError
        If the number asked for is missed by 5 weights or more.
    """
    keep, size = _target(mask, request), sum(layer.size for layer in request.layers)
    if keep == mask.count:
        return mask
    remaining, gone = surviving_counts(mask, request), {}
    for layer in request.layers:
        value = surviving_scores(layer.name, scores[layer.name], mask[layer.name])
        absent = layer.size * (size - keep) // size
        gone[layer.name] = value <= _smallest(value, remaining[layer.name] - (layer.size - absent))
    return _checked(without(mask, gone), keep)


def _target(mask: Mask, request: Request) -> int:
    if request.floor:
        raise TombolaError(
            f"floor = {request.floor}: published thresholds know no floors; take an allocation that does (global)"
        )
    survivors = sum(surviving_counts(mask, request).values())
    return survivors - overall_removal(survivors, 0, request)


def _smallest(values: torch.Tensor, k: int) -> float:
    return float(values.kthvalue(k).values) if k > 0 else -float("inf")


def _checked(mask: Mask, keep: int) -> Mask:
    if abs(mask.count - keep) >= MISSES:
        raise TombolaError(
            f"a threshold keeps {mask.count} weights where {keep} were asked for, because equal scores go together or "
            "layers round each for itself; take an allocation that keeps exact counts (global, layerwise)"
        )
    return mask

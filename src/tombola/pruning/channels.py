"""Structured pruning: whole output channels of convolutions, and whole units of linear layers, go."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, PrunableLayer, layer_graph
from tombola.pruning.allocation import allocations, surviving_counts
from tombola.pruning.mask import Mask
from tombola.pruning.ranking import Scores, lowest, surviving_scores, tie_generator
from tombola.pruning.request import Request
from tombola.pruning.whole_units import split_of, units_left
from tombola.specs import PruneSpec

NAME = "channel"


def channels(layer: PrunableLayer, request: Request) -> int:
    """Return the output channels (units) of a layer; the output layer stays, for its units are the classes."""
    return 1 if layer.kind == "output" else layer.shape[0]


def separate(
    module: nn.Module, shape: tuple[int, int, int], layers: Sequence[PrunableLayer], spec: PruneSpec
) -> str | None:
    """Refuse layers whose channels are summed with others: removing them there alone removes nothing."""
    try:
        graph = layer_graph(module, shape)
    except TombolaError as error:
        return f"which channels depend on each other cannot be told, because {error}; take layerwise or nm"
    summed = [layer.name for layer in layers if layer.kind != "output" and _summed(graph, layer.name)]
    if not summed:
        return None
    others = [layer.name for layer in layers if layer.name not in summed]
    way_out = f"prune the others only (network.prunable all '!{summed[0]}' ...)" if others else "take layerwise or nm"
    return (
        f"channels of '{summed[0]}'{f' and {len(summed) - 1} other layers' if len(summed) > 1 else ''} are summed with "
        f"those of a residual connection, so they cannot be removed by themselves; {way_out}"
    )


def _summed(graph: LayerGraph, weight: str) -> bool:
    """Return whether what a layer makes reaches a sum before another layer with weights takes it."""
    reached = {position for position, node in enumerate(graph.nodes) if node.weight == weight}
    for position, node in enumerate(graph.nodes):
        if reached & set(node.inputs):
            if node.op == "add":
                return True
            if node.weight is None:
                reached.add(position)
    return False


@allocations.register(NAME, split=split_of(channels), whole=True, fits=separate)
def channel(scores: Scores, mask: Mask, request: Request) -> Mask:
    """Remove the output channels of each layer whose weights have the lowest sum of scores; counts are in channels.

    Of C channels a compression rate leaves floor(C / rate + 1/2), at least 1. Equal sums by the mask rule. A removed
    channel gives a constant (its bias), so what the next layer reads of it is dead as well: `find_paths` tells the
    effective mask without it, and result rows state its density beside the mask's. The output layer stays.
    """
    survivors = surviving_counts(mask, request)
    kept = units_left(channels, survivors, request)
    keep = {name: mask[name] for name in mask}
    for layer in request.layers:
        gone = (survivors[layer.name] - kept[layer.name]) * channels(layer, request) // layer.size
        if gone:
            keep[layer.name] = _without(layer, scores[layer.name], mask[layer.name], gone, request)
    return Mask(keep)


def _without(layer: PrunableLayer, scores: Tensor, keep: Tensor, gone: int, request: Request) -> Tensor:
    rows = keep.flatten(1)
    there = rows.any(1)
    if not torch.equal(there, rows.all(1)):
        raise TombolaError(f"'{layer.name}' has lost parts of channels already, so whole ones cannot be counted there")
    values = torch.zeros(keep.shape, dtype=torch.float64)
    values[keep] = surviving_scores(layer.name, scores, keep).double()
    sums = values.flatten(1).sum(1)[there]
    left = there.clone()
    left[there] = ~lowest(sums, gone, tie_generator(request))
    return keep & left.view(-1, *[1] * (keep.dim() - 1))

"""A pass in which one unit passes on nothing: only what it reaches is computed again, and of that only the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from tombola.networks import LayerGraph
from tombola.networks.graph_nodes import Node
from tombola.networks.graph_run import apply, elementary

CHANNELWISE = ("relu", "tanh", "max_pool", "avg_pool")
"""Operations that treat channels one by one and have no weights."""


@dataclass(frozen=True)
class Part:
    """Some channels (or features) of a value, as they are now; the others are as they were."""

    channels: Int[Tensor, " channel"]
    now: Float[Tensor, "image channel ..."]

    def whole(self, before: Tensor) -> Tensor:
        """Return the complete value."""
        value = before.clone()
        value[:, self.channels] = self.now
        return value


def silenced(
    graph: LayerGraph, tensors: Mapping[str, Tensor], values: Sequence[Tensor], site: int, unit: int
) -> Float[Tensor, "image class"]:
    """Return the network's scores if one unit passed on nothing.

    A layer that reads the unit is linear in it, so that its output changes by what the unit alone had sent there: one
    channel's worth of work in place of all channels'.

    Parameters
    ----------
    graph, tensors
        The network.
    values
        What every operation came to.
    site
        The operation whose output the unit's is.
    unit
        The unit.
    """
    channel = torch.tensor([unit], device=values[site].device)
    changed: dict[int, Part | Tensor] = {site: Part(channel, torch.zeros_like(values[site][:, channel]))}
    for position in range(site + 1, len(graph)):
        node = graph[position]
        if any(source in changed for source in node.inputs):
            changed[position] = _again(node, tensors, values, changed, position)
    last = changed.get(graph.output, values[graph.output])
    return last.whole(values[graph.output]) if isinstance(last, Part) else last


def _again(
    node: Node,
    tensors: Mapping[str, Tensor],
    values: Sequence[Tensor],
    changed: Mapping[int, Part | Tensor],
    position: int,
) -> Part | Tensor:
    source = node.inputs[0]
    part = changed.get(source)
    if isinstance(part, Part):
        if node.op in CHANNELWISE:
            return replace(part, now=elementary(node, part.now))
        if node.op == "dropout":
            return part
        if node.op == "flatten":
            return _flat(part, values[source])
        if node.op in ("conv", "linear") and not (node.op == "conv" and node["groups"] != 1):
            return values[position] + _sent(node, tensors, part, values[source])
    inputs = []
    for each in node.inputs:
        now = changed.get(each, values[each])
        inputs.append(now.whole(values[each]) if isinstance(now, Part) else now)
    return apply(node, tensors, inputs)


def _flat(part: Part, before: Tensor) -> Part:
    places = before[0, 0].numel()
    inside = torch.arange(places, device=before.device)
    return Part((part.channels[:, None] * places + inside).flatten(), part.now.flatten(1))


def _sent(node: Node, tensors: Mapping[str, Tensor], part: Part, before: Tensor) -> Tensor:
    """Return what the change of some inputs changes a layer's output by."""
    weight = tensors[str(node.weight)][:, part.channels]
    change = part.now - before[:, part.channels]
    if node.op == "linear":
        return F.linear(change, weight)
    return F.conv2d(change, weight, None, node["stride"], node["padding"], node["dilation"])

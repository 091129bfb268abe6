"""Which units of a network are constant, which are needed, and which a compacted network keeps."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float64
from torch import Tensor

from tombola.networks.graph import LayerGraph, Node
from tombola.networks.graph_run import apply
from tombola.networks.state import State

Values = Float64[Tensor, " units"]
"""What each channel (or feature) of a map always is, at every position; NaN where that depends on the image."""

Units = Bool[Tensor, " units"]


def constants(graph: LayerGraph, state: State) -> list[Values]:
    """Return the constant units of every node's output, in evaluation mode."""
    tensors = {name: value.double() for name, value in state.items()}
    values = [torch.full(graph.input_shape[:1], torch.nan, dtype=torch.float64)]
    for node in graph.nodes[1:]:
        made = _constant(node, tensors, [values[source] for source in node.inputs])
        values.append(torch.where(made.isfinite(), made, torch.nan))
    return values


def needed_units(graph: LayerGraph, state: State, values: Sequence[Values]) -> list[Units]:
    """Return the units of every node's output that the network's output depends on."""
    needed = [torch.zeros(len(value), dtype=torch.bool) for value in values]
    needed[graph.output][:] = True
    for position in range(len(graph) - 1, 0, -1):
        for source in graph[position].inputs:
            needed[source] |= _asked(graph[position], state, needed[position], values[source])
    return needed


def kept_units(graph: LayerGraph, needed: Sequence[Units]) -> list[Units]:
    """Return the units of every node's output in the compacted network: the needed ones, or one where there is none."""
    kept: list[Units] = [torch.ones_like(needed[0])]
    for node, units in zip(graph.nodes[1:], needed[1:], strict=True):
        before = kept[node.inputs[0]]
        if node.op == "add" or _grouped(node):
            kept.append(torch.ones_like(units))
        elif node.weight is not None:
            first = torch.arange(len(units)) == 0
            kept.append(units if units.any() else first)
        elif node.op == "pad":
            kept.append(F.pad(before, (node["before"], node["after"]), value=True))
        else:
            kept.append(before.repeat_interleave(len(units) // len(before)))
    return kept


def reach(weight: Tensor) -> Float64[Tensor, "outputs inputs kernel"]:
    """Return weights as one row of the kernel for each pair of units."""
    return weight.double().reshape(*weight.shape[:2], -1)


def _constant(node: Node, tensors: Mapping[str, Tensor], inputs: Sequence[Values]) -> Values:
    x = inputs[0]
    match node.op:
        case "conv" | "linear":
            return _constant_outputs(node, tensors, x)
        case "max_pool":
            # windows of padding only, which dilation could leave, would be -inf
            return x if node["padding"] == (0, 0) or node["dilation"] == (1, 1) else torch.full_like(x, torch.nan)
        case "avg_pool":
            even = node["padding"] == (0, 0) or not node["count_padding"]
            return x if even else torch.where(x == 0, x, torch.nan)
        case "flatten":
            return x.repeat_interleave(node.shape[0] // len(x))
        case "pad":
            return F.pad(x, (node["before"], node["after"]))
        case _:
            return apply(node, tensors, [value[None] for value in inputs])[0]


def _constant_outputs(node: Node, tensors: Mapping[str, Tensor], x: Values) -> Values:
    weights = reach(tensors[str(node.weight)])
    name = node.tensor("bias")
    bias = torch.zeros(len(weights), dtype=torch.float64) if name is None else tensors[name]
    if _grouped(node):
        return torch.where((weights != 0).flatten(1).any(1), torch.nan, bias)
    folds = _folds(node, x)
    open_ = (weights[:, ~folds] != 0).flatten(1).any(1)
    return torch.where(open_, torch.nan, bias + weights.sum(2)[:, folds] @ x[folds])


def _asked(node: Node, state: State, needed: Units, x: Values) -> Units:
    """Return the units of its input that a node needs, for its own needed units."""
    if node.op == "add" or _grouped(node):
        return torch.ones(len(x), dtype=torch.bool)
    if node.weight is not None:
        return (reach(state[node.weight])[needed] != 0).any(2).any(0) & ~_folds(node, x)
    if node.op == "pad":
        return needed[node["before"] : node["before"] + len(x)]
    return needed.reshape(len(x), -1).any(1)


def _folds(node: Node, x: Values) -> Units:
    """Return the units of its input whose share a convolution or linear layer can take into its bias."""
    even = node.op == "linear" or node["padding"] == (0, 0)
    return ~x.isnan() if even else x == 0


def _grouped(node: Node) -> bool:
    return node.op == "conv" and node["groups"] != 1

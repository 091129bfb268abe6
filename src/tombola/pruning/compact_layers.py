"""The layers of a compacted network, and the network made of them."""

import operator
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float64
from torch import Tensor, fx, nn

from tombola.networks.graph import LayerGraph, Node
from tombola.networks.scale import Scale
from tombola.networks.state import State
from tombola.pruning.compact_units import reach

WINDOW = {"kernel_size": "kernel", "stride": "stride", "padding": "padding"}


def narrowed(
    node: Node, state: State, values: Float64[Tensor, " in"], before: Bool[Tensor, " in"], after: Bool[Tensor, " out"]
) -> nn.Module | None:
    """Return a layer of the units that are kept.

    Parameters
    ----------
    node
        The operation.
    state
        Weights and statistics of the whole network.
    values
        What each unit of the input always is; NaN where it is not constant.
    before, after
        Units of its input and output that are kept.

    Returns
    -------
    module
        None for an operation without a layer: a sum, and dropout, which does nothing in evaluation.
    """
    match node.op:
        case "conv" | "linear":
            return _weighted(node, state, values, before, after)
        case "batch_norm":
            return _batch_norm(node, state, after)
        case "relu":
            return nn.ReLU()
        case "tanh":
            return nn.Tanh()
        case "scale":
            layer = Scale(int(after.sum()))
            return _filled(layer, {"weight": state[str(node.tensor("weight"))][after]})
        case "pad":
            return nn.ZeroPad3d((0, 0, 0, 0, node["before"], node["after"]))
        case "flatten":
            return nn.Flatten()
        case "max_pool":
            return nn.MaxPool2d(**_options(node), dilation=node["dilation"], ceil_mode=node["ceil"])
        case "avg_pool":
            return nn.AvgPool2d(**_options(node), ceil_mode=node["ceil"], count_include_pad=node["count_padding"])
        case _:
            return None


def assembled(graph: LayerGraph, layers: Sequence[nn.Module | None]) -> nn.Module:
    """Return the network made of one layer per node: a sequence, or a traced graph where values are used twice."""
    names = _names(graph)
    named = {name: layer for name, layer in zip(names, layers, strict=True) if layer is not None}
    chained = all(node.inputs == (position,) for position, node in enumerate(graph.nodes[1:]))
    if chained and graph.output == len(graph) - 1:
        sequence = nn.Sequential()
        for name, layer in named.items():
            sequence.add_module(name, layer)
        return sequence
    traced = fx.Graph()
    values = [traced.placeholder("images")]
    for name, node in zip(names[1:], graph.nodes[1:], strict=True):
        inputs = tuple(values[source] for source in node.inputs)
        if name in named:
            values.append(traced.call_module(name, inputs))
        else:
            values.append(traced.call_function(operator.add, inputs) if node.op == "add" else inputs[0])
    traced.output(values[graph.output])
    # a dictionary of layers is a documented root; the annotation asks for more than that
    root: dict[str, Any] = named
    return fx.GraphModule(root, traced, "Compacted")


def _weighted(
    node: Node, state: State, values: Tensor, before: Bool[Tensor, " in"], after: Bool[Tensor, " out"]
) -> nn.Module:
    weight, name = state[str(node.weight)], node.tensor("bias")
    bias = None if name is None else state[name]
    if not before.all():  # not of a grouped convolution: all its channels are kept
        # what is dropped without being constant has no weight on any output that matters
        known = torch.where(values.isnan(), 0.0, values)[~before]
        moved = (reach(weight).sum(2)[:, ~before] @ known)[after]
        bias = moved.to(weight) if bias is None else (bias[after].double() + moved).to(bias)
        weight = weight[after][:, before]
    else:
        weight, bias = weight[after], None if bias is None else bias[after]
    if bias is not None and name is None and not bias.any():
        bias = None
    outputs, inputs = weight.shape[:2]
    layer: nn.Module
    if node.op == "linear":
        layer = nn.Linear(inputs, outputs, bias is not None, device="meta")
    else:
        options: dict[str, Any] = _options(node) | {"dilation": node["dilation"], "groups": node["groups"]}
        channels = inputs * node["groups"]
        layer = nn.Conv2d(channels, outputs, **options, bias=bias is not None, device="meta")
    return _filled(layer, {"weight": weight} if bias is None else {"weight": weight, "bias": bias})


def _batch_norm(node: Node, state: State, kept: Bool[Tensor, " units"]) -> nn.Module:
    kind = nn.BatchNorm1d if len(node.shape) == 1 else nn.BatchNorm2d
    affine = node.tensor("weight") is not None
    layer = kind(int(kept.sum()), node["eps"], node["momentum"], affine, device="meta")
    tensors = {role: state[name] for role, name in node.tensors}
    return _filled(layer, {role: value[kept] if value.ndim else value for role, value in tensors.items()})


def _filled(layer: nn.Module, tensors: State) -> nn.Module:
    """Give a layer on the meta device its tensors: constructors that draw weights would use the global stream."""
    layer.load_state_dict({role: value.clone() for role, value in tensors.items()}, assign=True)
    return layer


def _options(node: Node) -> dict[str, Any]:
    return {option: node[attribute] for option, attribute in WINDOW.items()}


def _names(graph: LayerGraph) -> list[str]:
    """Return a name for every node: that of its layer, or what it does."""
    names: list[str] = []
    for position, node in enumerate(graph):
        name = node.module.replace(".", "_") or node.op
        names.append(f"{name}_{position}" if name in names else name)
    return names

"""What the engine can train: layers and sums, read off the layer graph of a network, or the reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks.graph import Node, layer_graph

IDENTITY, RELU, TANH = 0, 1, 2
"""Activations by number."""

ACTIVATIONS = {"relu": RELU, "tanh": TANH}
KINDS = {"linear": "linear", "conv": "conv", "batch_norm": "norm", "max_pool": "pool", "avg_pool": "pool"}
KINDS |= {"flatten": "flatten", "relu": "activation", "tanh": "activation", "add": "add"}


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    Attributes
    ----------
    kind
        ``linear``, ``conv``, ``norm``, ``pool``, ``activation``, ``flatten`` or ``add``.
    name
        Path of the module within the network; empty for a function.
    module
        The module, where it has parameters.
    node
        The operation of the layer graph.
    """

    kind: str
    name: str
    module: nn.Module | None
    node: Node

    @property
    def activation(self) -> int:
        """Number of the activation that this layer is."""
        return ACTIVATIONS.get(self.node.op, IDENTITY)


class Unsupported(Exception):  # noqa: N818 - a finding, not a fault
    """The network has something the sparse engine has no kernel for; the message says what."""


def read_layers(module: nn.Module, input_shape: Sequence[int]) -> list[Layer]:
    """Return the layers of a network in an order in which they can be computed.

    Layer i is operation i + 1 of the layer graph, whose operation 0 is the input.

    Raises
    ------
    Unsupported
        If a layer has no kernel, or something is computed that the output does not need.
    """
    try:
        graph = layer_graph(module, input_shape)
    except TombolaError as refusal:
        raise Unsupported(str(refusal)) from None
    if graph.output != len(graph) - 1:
        raise Unsupported("its output is not that of its last layer")
    if not graph.weighted():
        raise Unsupported("it has no linear or convolutional layer")
    layers = []
    for position, node in enumerate(graph.nodes[1:], start=1):
        if node.op not in KINDS:
            raise Unsupported(f"there is no sparse kernel for {node.label} ({node.op.replace('_', ' ')})")
        if position != graph.output and not graph.consumers[position]:
            raise Unsupported(f"nobody needs what {node.label} computes")
        part = module.get_submodule(node.module) if node.tensors else None
        _check(node, graph[node.inputs[0]].shape, part)
        layers.append(Layer(KINDS[node.op], node.module, part, node))
    return layers


def _check(node: Node, before: tuple[int, ...], part: nn.Module | None) -> None:
    if node.op == "linear" and len(before) != 1:
        raise Unsupported(f"{node.label} takes maps of shape {[*before]}, which are not flattened")
    for name, tensor in part.named_parameters() if part is not None else ():
        if not tensor.requires_grad or tensor.dtype != torch.float32:
            raise Unsupported(f"the {name} of {node.label} is not trained, or not in float32")
    if node.op == "conv" and (node["groups"] != 1 or node["dilation"] != (1, 1)):
        raise Unsupported(f"{node.label} is a convolution with groups or dilation")
    if node.op == "batch_norm" and (len(node.tensors) < 5 or node["momentum"] is None):
        raise Unsupported(f"{node.label} is a batch normalisation without scale, running statistics or momentum")
    if node.op in ("max_pool", "avg_pool"):
        window, stride = node["kernel"], node["stride"]
        square = window[0] == window[1] and stride[0] == stride[1]
        plain = (
            node["padding"] == (0, 0) and not node["ceil"] and dict(node.attributes).get("dilation", (1, 1)) == (1, 1)
        )
        if not square or not plain or stride[0] < window[0]:
            raise Unsupported(f"{node.label} pools over windows that overlap, are not square, or are padded")


def conv_geometry(layer: Layer) -> tuple[Any, Any, Any, int]:
    """Return kernel, stride, padding and output channels of a convolution."""
    return layer.node["kernel"], layer.node["stride"], layer.node["padding"], layer.node.shape[0]

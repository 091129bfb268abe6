"""SynFlow in single precision for networks of any depth: what flows is kept near 1, layer by layer."""

import math
from collections.abc import Mapping
from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, Node, layer_graph
from tombola.networks.graph_run import apply
from tombola.pruning.context import ScoreContext
from tombola.pruning.gradients import private_tensors, scored_weights
from tombola.pruning.scoring import scores
from tombola.pruning.synflow import absolute, products

ADDED = ("bias", "running_mean")
"""Tensors that are added to what flows: they are to be scaled like it."""


@scores.register("synflow-rescaled")
def synflow_rescaled(context: ScoreContext) -> dict[str, Float[Tensor, "..."]]:
    """Score a weight as `synflow` does, times one factor for all weights, in single precision at any depth.

    Every layer's output is divided by a power of two that brings its largest number to between 1 and 2. Later biases
    and statistics are divided alike, and branches of a sum are brought to one scale. That is exact: where nothing
    overflows, scores are those of ``synflow-float32`` divided by a power of two, to the bit. Needs a layer graph.

    Raises
    ------
    TombolaError
        If the network has no layer graph, or one that is not of one degree in what flows (tanh).
    """
    module = context.module
    if "graph" not in context.memo:
        context.memo["graph"] = _graph(module, context.image_shape)
    graph: LayerGraph = context.memo["graph"]
    tensors = absolute(private_tensors(module, torch.float32))
    weights = scored_weights(context, tensors)
    ones = torch.ones(1, *context.image_shape, device=next(iter(weights.values())).device)
    with torch.enable_grad():
        result = rescaled_flow(graph, tensors, ones)
        gradients = torch.autograd.grad(result.sum(), list(weights.values()), allow_unused=True)
    return products(weights, gradients)


def _graph(module: nn.Module, image_shape: tuple[int, ...]) -> LayerGraph:
    graph = layer_graph(deepcopy(module).to("meta"), image_shape)
    bent = next((node for node in graph if node.op == "tanh"), None)
    if bent is not None:
        raise TombolaError(f"score 'synflow-rescaled': {bent.label} is a tanh, which no scale passes; take synflow")
    return graph


def rescaled_flow(graph: LayerGraph, tensors: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """Return what a network of positive tensors returns, divided by a power of two."""
    values, exponents = [images], [0]
    for node in graph.nodes[1:]:
        inputs = [values[source] for source in node.inputs]
        exponent = max(exponents[source] for source in node.inputs)
        aligned = [
            value * 2.0 ** (exponents[source] - exponent) for value, source in zip(inputs, node.inputs, strict=True)
        ]
        value = apply(node, _scaled(node, tensors, exponent), aligned)
        peak = float(value.detach().max()) if value.numel() else 0.0
        more = math.frexp(peak)[1] - 1 if 0 < peak < math.inf else 0
        values.append(value * 2.0**-more)
        exponents.append(exponent + more)
    return values[graph.output]


def _scaled(node: Node, tensors: Mapping[str, Tensor], exponent: int) -> dict[str, Tensor]:
    own = {name: tensors[name] for _, name in node.tensors}
    for role, name in node.tensors:
        if role in ADDED and exponent:
            own[name] = own[name] * 2.0**-exponent
    return own

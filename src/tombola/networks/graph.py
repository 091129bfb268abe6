"""The layer graph of a network: one lowering to about ten operations serves everything that walks networks."""

from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import replace

import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks.graph_drafts import Draft
from tombola.networks.graph_layers import LoweringError
from tombola.networks.graph_nodes import OPS, LayerGraph, Node, Op
from tombola.networks.graph_run import apply, run_graph
from tombola.networks.graph_tracing import traced

__all__ = ["OPS", "LayerGraph", "Node", "Op", "layer_graph", "run_graph", "unsupported"]


def layer_graph(module: nn.Module, input_shape: Sequence[int]) -> LayerGraph:
    """Return the layer graph of a network.

    Parameters
    ----------
    module
        Any network of convolutions, linear layers, batch norm, ReLU, tanh, pooling, flattening and sums, however its
        forward pass is written, as long as torch.fx can trace it. It is not changed; it may be on the meta device.
    input_shape
        Of one image: (channels, height, width).

    Raises
    ------
    TombolaError
        If the network does something else, naming the layer, or does not take such images.

    Examples
    --------
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.ReLU())
    >>> [(node.op, node.shape) for node in layer_graph(module, (1, 8, 8))]
    [('input', (1, 8, 8)), ('flatten', (64,)), ('linear', (10,)), ('relu', (10,))]
    """
    try:
        return _graph(module, tuple(input_shape))
    except LoweringError as refusal:
        raise TombolaError(f"this network has no layer graph: {refusal}") from None


def unsupported(
    module: nn.Module, input_shape: Sequence[int] | None = None, without: Collection[Op] = ()
) -> str | None:
    """Return why a network has no layer graph, or None if it has one.

    Parameters
    ----------
    module
        Any network.
    input_shape
        Of one image; None leaves out what depends on it.
    without
        Operations that whoever asks cannot do.
    """
    try:
        if input_shape is None:
            nodes = [draft.node for draft in traced(module)[0]]
        else:
            nodes = [*_graph(module, tuple(input_shape))]
    except LoweringError as refusal:
        return str(refusal)
    beyond = [node for node in nodes if node.op in without]
    return f"{beyond[0].label} is a {beyond[0].op.replace('_', ' ')}, which is not done here" if beyond else None


def _graph(module: nn.Module, input_shape: tuple[int, ...]) -> LayerGraph:
    drafts, output = traced(module)
    graph = LayerGraph(_shaped(module, drafts, input_shape), output)
    _refuse_difference(module, graph)
    return graph


def _shaped(module: nn.Module, drafts: Sequence[Draft], input_shape: tuple[int, ...]) -> tuple[Node, ...]:
    """Return the operations with their shapes, found by running them on the meta device: two images of no numbers."""
    tensors = {name: torch.empty_like(tensor, device="meta") for name, tensor in module.state_dict().items()}
    dtype = next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)
    values = [torch.empty(2, *input_shape, dtype=dtype, device="meta")]
    nodes = [Node("input", shape=input_shape)]
    for draft in drafts[1:]:
        inputs = [values[source] for source in draft.node.inputs]
        shapes = [tuple(value.shape[1:]) for value in inputs]
        node = draft.resolved(shapes)
        try:
            value = apply(node, tensors, inputs)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            raise LoweringError(f"{node.label} cannot take maps of shape {[*shapes[0]]} ({reason})") from None
        values.append(value)
        nodes.append(replace(node, shape=tuple(value.shape[1:])))
    return tuple(nodes)


def _refuse_difference(module: nn.Module, graph: LayerGraph) -> None:
    """Compare graph and network on two images: tracing does not see Python that works on aliases, say."""
    state = module.state_dict()
    example = next((tensor for tensor in state.values() if tensor.is_floating_point()), torch.empty(0))
    if example.is_meta:
        return
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, *graph.input_shape, generator=generator).to(example)
    with torch.no_grad():
        wanted, given = deepcopy(module).eval()(images.clone()), run_graph(graph, state, images)
    tolerance = 0.05 if example.element_size() < 4 else 1e-3
    if not torch.allclose(given, wanted, tolerance, tolerance * float(wanted.abs().nan_to_num().max()), equal_nan=True):
        raise LoweringError("its forward pass does what tracing does not see (works in place on an alias, say)")

"""What the operations of a layer graph mean: each in plain PyTorch, as the layers they come from compute them."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tombola.networks.graph_nodes import LayerGraph, Node
from tombola.networks.scale import scaled


def run_graph(
    graph: LayerGraph, tensors: Mapping[str, Tensor], images: Float[Tensor, "n ..."], training: bool = False
) -> Tensor:
    """Compute a network from its graph: what the module returns for these weights, bit for bit.

    Adaptive pooling, and means over a map, are the exceptions: they are lowered to average pooling, which adds in
    another order.

    Parameters
    ----------
    graph
        The operations.
    tensors
        Weights and statistics by name, as in ``state_dict()``. In training, statistics are updated in place.
    images
        A batch, normalised.
    training
        Whether batch norm uses (and updates) batch statistics, and dropout drops.
    """
    values: list[Tensor | None] = [images]
    for position, node in enumerate(graph.nodes[1:], start=1):
        inputs = [value for source in node.inputs if (value := values[source]) is not None]
        values.append(apply(node, tensors, inputs, training))
        for source in graph.released[position]:
            values[source] = None
    result = values[graph.output]
    return images if result is None else result


def apply(node: Node, tensors: Mapping[str, Tensor], inputs: Sequence[Tensor], training: bool = False) -> Tensor:
    """Compute one operation; see `run_graph`."""
    x = inputs[0]

    def get(role: str) -> Tensor | None:
        name = node.tensor(role)
        return None if name is None else tensors[name]

    match node.op:
        case "conv":
            weight = tensors[str(node.tensor("weight"))]
            return F.conv2d(x, weight, get("bias"), node["stride"], node["padding"], node["dilation"], node["groups"])
        case "linear":
            return F.linear(x, tensors[str(node.tensor("weight"))], get("bias"))
        case "batch_norm":
            counter = get("num_batches_tracked")
            if training and counter is not None:
                counter.add_(1)
            mean, variance, scale, shift = map(get, ("running_mean", "running_var", "weight", "bias"))
            return F.batch_norm(x, mean, variance, scale, shift, training, node["momentum"], node["eps"])
        case "dropout":
            return F.dropout(x, node["p"], training)
        case "add":
            return x + inputs[1]
        case "scale":
            return scaled(x, tensors[str(node.tensor("weight"))])
        case _:
            return elementary(node, x)


def elementary(node: Node, x: Tensor) -> Tensor:
    """Compute an operation that has one input and no weights and treats images one by one."""
    match node.op:
        case "relu":
            return torch.relu(x)
        case "tanh":
            return torch.tanh(x)
        case "max_pool":
            return F.max_pool2d(x, node["kernel"], node["stride"], node["padding"], node["dilation"], node["ceil"])
        case "avg_pool":
            return F.avg_pool2d(x, node["kernel"], node["stride"], node["padding"], node["ceil"], node["count_padding"])
        case "flatten":
            return x.flatten(1)
        case "pad":
            return F.pad(x, (0, 0, 0, 0, node["before"], node["after"]))
        case _:
            raise ValueError(f"{node.op} is no elementary operation")

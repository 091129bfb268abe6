"""Multiply-adds of a network for one image, dense and masked."""

import math
from typing import NamedTuple

from tombola.networks import LayerGraph, Node
from tombola.pruning.mask import Mask
from tombola.pruning.reachability import weight_shape


class LayerFlops(NamedTuple):
    """Multiply-adds of one layer for one image.

    Attributes
    ----------
    name
        Of its weight for convolutions and linear layers, else of the layer.
    dense, sparse
        With all weights, and with those that remain.
    """

    name: str
    dense: int
    sparse: int


def count_flops(graph: LayerGraph, mask: Mask | None = None) -> tuple[LayerFlops, ...]:
    """Return the multiply-adds of every convolution, linear layer and batch norm, in order.

    As published (sparse-analysis reference, section 3.2): inputs x outputs x kernel x places for a convolution, whose
    places are those of its output map; inputs x outputs for a linear layer; one per number for a batch norm. A multiply
    and an add count as one; biases, activations, pooling and sums do not count. A pruned weight saves its multiply-adds
    at every place, so sparse is dense times the layer's density.

    Parameters
    ----------
    graph
        The network's layer graph.
    mask
        Which weights remain; layers it does not cover, and None, count as dense.

    Examples
    --------
    >>> from torch import nn
    >>> from tombola.networks import layer_graph
    >>> module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 16, 10))
    >>> count_flops(layer_graph(module, (3, 4, 4)))[0]
    LayerFlops(name='0.weight', dense=3456, sparse=3456)
    """
    left = {} if mask is None else mask.remaining()
    return tuple(_flops(node, graph, left) for node in graph if node.weight is not None or node.op == "batch_norm")


def _flops(node: Node, graph: LayerGraph, left: dict[str, int]) -> LayerFlops:
    if node.weight is None:
        numbers = math.prod(node.shape)
        return LayerFlops(node.module, numbers, numbers)
    weights = math.prod(weight_shape(node, graph[node.inputs[0]]))
    places = math.prod(node.shape[1:] if node.op == "conv" else node.shape[:-1])
    return LayerFlops(node.weight, weights * places, left.get(node.weight, weights) * places)

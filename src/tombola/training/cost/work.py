"""The arithmetic of a network, layer by layer, from its graph."""

from dataclasses import dataclass
from math import prod

from tombola.networks import LayerGraph, Node


@dataclass(frozen=True)
class Work:
    """A linear or convolutional layer.

    Attributes
    ----------
    node
        The operation.
    weights
        Its weights.
    inputs, outputs
        Features of a linear layer, channels of a convolution.
    before, after
        Height and width of the maps; 1 x 1 for a linear layer.
    first
        Whether no layer before it has weights: then nobody needs its input gradient.
    """

    node: Node
    weights: int
    inputs: int
    outputs: int
    before: tuple[int, int]
    after: tuple[int, int]
    first: bool

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of a convolution's kernel."""
        size: tuple[int, int] = self.node["kernel"] if self.node.op == "conv" else (1, 1)
        return size

    @property
    def products(self) -> int:
        """Multiplications of a forward pass over one image."""
        return self.weights * prod(self.after)


def layer_work(graph: LayerGraph) -> list[Work]:
    """Return the layers with weights, in order."""
    found: list[Work] = []
    for node in graph.weighted():
        shape = graph[node.inputs[0]].shape
        conv = node.op == "conv"
        inputs, outputs = (shape[0], node.shape[0]) if conv else (shape[-1], node.shape[-1])
        before, after = (shape[-2:], node.shape[-2:]) if conv else ((1, 1), (1, 1))
        weights = inputs * outputs * (prod(node["kernel"]) // node["groups"] if conv else 1)
        found.append(
            Work(node, weights, inputs, outputs, (before[0], before[1]), (after[0], after[1]), first=not found)
        )
    return found


def step_flops(graph: LayerGraph, batch: int) -> float:
    """Return floating-point operations of a dense training step: forward, weight gradient, input gradient."""
    return sum(2.0 * batch * work.products * (2 if work.first else 3) for work in layer_work(graph))

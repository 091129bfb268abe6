"""How many paths lead from the input to the output of a masked network, however many there are."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tombola.networks import LayerGraph, Node
from tombola.networks.graph_run import apply
from tombola.pruning import Mask


@dataclass(frozen=True)
class Scaled:
    """Numbers that may be beyond any floating-point range: values times e to the `log`."""

    values: Tensor
    log: float

    @classmethod
    def of(cls, values: Tensor, log: float) -> "Scaled":
        """Return numbers whose largest value is 1, or all of them 0."""
        largest = float(values.max()) if values.numel() else 0.0
        if largest <= 0:
            return cls(torch.zeros_like(values), 0.0)
        return cls(values / largest, log + float(torch.log(torch.tensor(largest, dtype=torch.float64))))


def log_paths(graph: LayerGraph, mask: Mask | None = None) -> float:
    """Return the natural logarithm of the number of paths from all pixels to all outputs; -inf without any.

    Nodes are numbers (pixels, what a layer makes of them at every place), edges are survivors at every place of the map
    where they are applied. Batch norm, scales and activations pass each number on; pooling joins all numbers of a
    window with its result; sums join their branches; biases start no path.

    Parameters
    ----------
    graph
        The network's layer graph.
    mask
        Which weights remain; None counts the paths of the dense network. Weights outside of it all count.
    """
    found: list[Scaled | None] = [Scaled(torch.ones(1, *graph.input_shape, dtype=torch.float64), 0.0)]
    for position, node in enumerate(graph.nodes[1:], start=1):
        inputs = [value for source in node.inputs if (value := found[source]) is not None]
        found.append(_passed(node, inputs, mask or {}))
        for source in graph.released[position]:
            found[source] = None
    end = found[graph.output]
    total = float(end.values.sum()) if end is not None else 0.0
    if end is None or total <= 0:
        return float("-inf")
    return end.log + float(torch.log(torch.tensor(total, dtype=torch.float64)))


def _passed(node: Node, inputs: list[Scaled], mask: Mapping[str, Tensor]) -> Scaled:
    x = inputs[0]
    if node.op == "add":
        alive = [each for each in inputs if each.values.any()] or inputs
        log = max(each.log for each in alive)
        return Scaled.of(sum((each.values * _exp(each.log - log) for each in alive), torch.zeros(())), log)
    if node.op in ("conv", "linear"):
        name = str(node.weight)
        keep = mask[name].double() if name in mask else torch.ones(_shape(node, x), dtype=torch.float64)
        tensors = {name: keep}
        bias = node.tensor("bias")
        if bias is not None:
            tensors[bias] = torch.zeros(len(keep), dtype=torch.float64)
        return Scaled.of(apply(node, tensors, [x.values]), x.log)
    if node.op in ("max_pool", "avg_pool"):
        return Scaled.of(_pooled(node, x.values), x.log)
    if node.op in ("flatten", "pad"):
        return Scaled.of(apply(node, {}, [x.values]), x.log)
    return x


def _pooled(node: Node, x: Tensor) -> Tensor:
    """Return sums over windows: a convolution of every channel with ones."""
    channels, kernel = x.shape[1], tuple(node["kernel"])
    padding = tuple(node["padding"])
    stride, dilation = tuple(node["stride"]), tuple(dict(node.attributes).get("dilation", (1, 1)))
    below, right = (
        _beyond(size + 2 * pad, window, step, wide) if node["ceil"] else 0
        for size, pad, window, step, wide in zip(x.shape[2:], padding, kernel, stride, dilation, strict=True)
    )
    x = F.pad(x, (padding[1], padding[1] + right, padding[0], padding[0] + below))
    ones = torch.ones(channels, 1, *kernel, dtype=x.dtype)
    return F.conv2d(x, ones, stride=stride, dilation=dilation, groups=channels)


def _beyond(size: int, window: int, step: int, wide: int) -> int:
    """Return how many zeros a window that begins inside needs to end."""
    reach = wide * (window - 1) + 1
    return -(size - reach) % step


def _shape(node: Node, x: Scaled) -> tuple[int, ...]:
    if node.op == "linear":
        return node.shape[-1], x.values.shape[-1]
    return node.shape[0], x.values.shape[1] // node["groups"], *node["kernel"]


def _exp(value: float) -> float:
    return float(torch.exp(torch.tensor(value, dtype=torch.float64)))

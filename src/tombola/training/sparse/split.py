"""Which convolutions are computed densely: a first part of the network, where hardly anything is pruned.

PyTorch takes a product of a convolution in three quarters of the time that the sparse kernels take for a survivor, so
that they win below a density of about 0.75 (`docs/performance.md`). The choice is made from shapes and densities alone,
with rates that are the same on every machine: a job that is started again, elsewhere or later, is split as before.
"""

from collections.abc import Mapping, Sequence
from math import prod

from torch import Tensor

from tombola.networks.graph import Node
from tombola.training.sparse.layers import Layer

DENSE, SPARSE = 1 / 58, 1 / 45
"""Nanoseconds of a product of a dense convolution, and of one with a survivor."""

NARROW = 2.0
"""How much more a dense product takes with fewer than 16 input channels."""

ROWS = 0.05
"""What a sparse convolution takes without survivors, as a share of what it takes with all."""

ELEMENT = 0.75
"""Nanoseconds of a value that goes through a dense layer without weights, or gets a bias, there and back."""

LANES = 16
"""Samples that the sparse kernels compute together."""

HANDED = 2.0
"""Nanoseconds of a value that is handed over, there and back."""


def split(nodes: Sequence[Node], densities: Mapping[str, float], batch: int) -> int:
    """Return the position of the last operation that is computed densely; 0 if there is none.

    Parameters
    ----------
    nodes
        The operations of a layer graph; the first is the input.
    densities
        Density by name of the weight; weights that are not named are dense.
    batch
        Samples per step.
    """
    best, end, gain = 0.0, 0, 0.0
    seams = _seams(nodes)
    for position, node in enumerate(nodes[1:], start=1):
        values = batch * prod(node.shape)
        if node.op == "conv":
            gain += _saved(node, nodes[node.inputs[0]], densities.get(str(node.weight), 1.0), batch, position == 1)
        gain -= ELEMENT * values
        if position in seams and gain - HANDED * values > best:
            best, end = gain - HANDED * values, position
    return end


def dense_end(layers: Sequence[Layer], mask: Mapping[str, Tensor] | None, shape: Sequence[int], batch: int) -> int:
    """Return the position of the last layer of a network that is computed densely; 0 if there is none.

    Parameters
    ----------
    layers
        The network's layers.
    mask
        Survivors by name of the weight; weights that are not named are dense.
    shape
        Channels, height and width of an image.
    batch
        Samples per step.
    """
    densities = {name: float(keep.sum()) / keep.numel() for name, keep in (mask or {}).items()}
    return split([Node("input", shape=tuple(shape)), *(layer.node for layer in layers)], densities, batch)


def _saved(node: Node, before: Node, density: float, batch: int, first: bool) -> float:
    """Return the nanoseconds that a dense convolution takes less than a sparse one; the first takes two passes."""
    channels, passes = before.shape[0], 2 if first else 3
    products: int = passes * prod(node.shape) * channels // node["groups"] * prod(node["kernel"])
    lanes = -(-batch // LANES) * LANES
    dense = products * batch * DENSE * (NARROW if channels < LANES else 1.0)
    return products * lanes * SPARSE * (ROWS + (1 - ROWS) * density) - dense


def _seams(nodes: Sequence[Node]) -> set[int]:
    """Return the positions of maps that all later operations come from, and that a layer with weights takes next."""
    users: dict[int, list[int]] = {}
    for position, node in enumerate(nodes):
        for source in node.inputs:
            users.setdefault(source, []).append(position)
    seams, earliest = set(), len(nodes)
    for position in range(len(nodes) - 1, 0, -1):
        taken = any(nodes[user].op in ("conv", "flatten") for user in users.get(position, ()))
        if earliest >= position and taken and len(nodes[position].shape) == 3:
            seams.add(position)
        earliest = min(earliest, *nodes[position].inputs)
    return seams

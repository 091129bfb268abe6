"""How reachability passes through one operation of a layer graph: which numbers lead on to which, not what they are.

A map is a bool tensor with a flag for every number of it: (channels, height, width), or (features,) for a row. Sums of
flags that are not negative cannot cancel, so convolutions of flags count connections and any count above zero is one.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool
from torch import Tensor

from tombola.errors import TombolaError
from tombola.networks import Node
from tombola.pruning.reachability_conv import ANY, conv_backwards, conv_crossed, conv_forwards, number, to_input

Flags = Bool[Tensor, "..."]

ONE_TO_ONE: frozenset[str] = frozenset({"batch_norm", "scale", "relu", "tanh", "dropout"})
"""Operations whose every output number comes from the input number at its place."""


def forwards(node: Node, keep: Flags | None, inputs: Sequence[Flags]) -> Flags:
    """Return the numbers of an operation's output that come from a flagged number of its inputs.

    Parameters
    ----------
    node
        The operation.
    keep
        Which weights connect, shaped like the weight; None for an operation without.
    inputs
        Flags of each input.
    """
    x = inputs[0]
    match node.op:
        case "linear":
            return torch.stack([(_weights(keep) & row).any(1) for row in _rows(x)]).reshape(node.shape)
        case "conv":
            return conv_forwards(node, _weights(keep), x)
        case "max_pool" | "avg_pool":
            return F.conv2d(_framed(node, x), _window(node), **_pooling(node))[0] > ANY
        case "flatten":
            return x.flatten()
        case "add":
            return x | inputs[1]
        case "pad":
            none = torch.zeros(node["before"] + node["after"], *x.shape[1:], dtype=torch.bool)
            return torch.cat([none[: node["before"]], x, none[node["before"] :]])
        case _:
            return _same(node, x)


def backwards(node: Node, keep: Flags | None, needed: Flags, shape: Sequence[int]) -> Flags:
    """Return the numbers of an operation's input that lead to a flagged number of its output; of a sum, of both inputs.

    Parameters
    ----------
    node, keep
        As in `forwards`.
    needed
        Flags of the output.
    shape
        Of the input.
    """
    match node.op:
        case "linear":
            return torch.stack([_weights(keep)[row].any(0) for row in _rows(needed)]).reshape(*shape)
        case "conv":
            return conv_backwards(node, _weights(keep), needed, shape)
        case "max_pool" | "avg_pool":
            (top, left), (height, width) = _padding(node), shape[1:]
            framed = _framed(node, torch.zeros(*shape, dtype=torch.bool)).shape
            flags = to_input(framed, _window(node), number(needed), **_pooling(node))[0]
            return flags[:, top : top + height, left : left + width] > ANY
        case "flatten":
            return needed.reshape(*shape)
        case "add":
            return needed
        case "pad":
            return needed[node["before"] : node["before"] + shape[0]]
        case _:
            return _same(node, needed)


def crossed(node: Node, keep: Flags, x: Flags, needed: Flags) -> Flags:
    """Return the weights of a convolution or linear layer that lead from a flagged input to a flagged output number.

    Parameters
    ----------
    node, keep
        As in `forwards`.
    x, needed
        Flags of its input and output.
    """
    if node.op == "linear":
        pairs = zip(_rows(needed), _rows(x), strict=True)
        return torch.stack([keep & after[:, None] & before for after, before in pairs]).any(0)
    return conv_crossed(node, keep, x, needed)


def weight_shape(node: Node, before: Node) -> tuple[int, ...]:
    """Return the shape of the weight of a convolution or linear layer, from what goes in and comes out."""
    if node.op == "linear":
        return node.shape[-1], before.shape[-1]
    return (node.shape[0], before.shape[0] // node["groups"], *node["kernel"])


def _same(node: Node, flags: Flags) -> Flags:
    if node.op not in ONE_TO_ONE:
        raise TombolaError(f"{node.label} is an operation ('{node.op}') whose paths are not known here")
    return flags


def _weights(keep: Flags | None) -> Flags:
    if keep is None:
        raise ValueError("an operation with weights needs to know which connect")
    return keep


def _rows(flags: Flags) -> Flags:
    """Return a linear layer's numbers as the rows it works on one by one: a single one but for layers on maps."""
    return flags.reshape(-1, flags.shape[-1])


def _padding(node: Node) -> tuple[int, int]:
    top, left = node["padding"]
    return top, left


def _window(node: Node) -> Tensor:
    return torch.ones(node.shape[0], 1, *node["kernel"])


def _pooling(node: Node) -> dict[str, Any]:
    return {"stride": node["stride"], "dilation": _dilation(node), "groups": node.shape[0]}


def _dilation(node: Node) -> tuple[int, int]:
    across: tuple[int, int] = node["dilation"] if node.op == "max_pool" else (1, 1)
    return across


def _framed(node: Node, x: Flags) -> Tensor:
    """Return a map with the border that its pooling sees: also what rounding up adds at the end."""
    border: list[int] = []
    for axis in (1, 0):
        span = _dilation(node)[axis] * (node["kernel"][axis] - 1) + 1
        before = _padding(node)[axis]
        reach = (node.shape[1 + axis] - 1) * node["stride"][axis] + span
        border += [before, max(0, reach - before - x.shape[1 + axis])]
    return F.pad(number(x), border)

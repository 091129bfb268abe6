"""How reachability passes through a convolution, in a time that hardly depends on the size of maps.

Most channels are reached everywhere or nowhere, and those that are reached everywhere are alike: one stands for all of
them. Only channels that are reached in part (at borders that pruned kernels leave out, say) are followed one by one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int64
from torch import Tensor
from torch.nn.grad import conv2d_input, conv2d_weight

from tombola.networks import Node

Flags = Bool[Tensor, "channels height width"]
Kernels = Bool[Tensor, "outputs inputs height width"]

ANY = 0.5
"""Counts are whole numbers; what is above is one at least, whatever way a kernel rounds."""

to_input: Callable[..., Tensor] = conv2d_input
to_weight: Callable[..., Tensor] = conv2d_weight


def conv_forwards(node: Node, keep: Kernels, x: Flags) -> Flags:
    """Return the numbers of a convolution's output that come from flagged ones; see `reachability.forwards`."""
    if node["groups"] == 1:
        maps, which = _alike(x)
        x, keep = maps, _merged(keep, which, 1)
    return F.conv2d(number(x), keep.float(), **_options(node))[0] > ANY


def conv_backwards(node: Node, keep: Kernels, needed: Flags, shape: Sequence[int]) -> Flags:
    """Return the numbers of a convolution's input that lead to flagged ones; see `reachability.backwards`."""
    if node["groups"] == 1:
        maps, which = _alike(needed)
        needed, keep = maps, _merged(keep, which, 0)
    return to_input((1, *shape), keep.float(), number(needed), **_options(node))[0] > ANY


def conv_crossed(node: Node, keep: Kernels, x: Flags, needed: Flags) -> Kernels:
    """Return the weights that lead from flagged numbers to flagged ones; see `reachability.crossed`."""
    if node["groups"] != 1:
        return keep & (to_weight(number(x), keep.shape, number(needed), **_options(node)) > ANY)
    (sources, before), (targets, after) = _alike(x), _alike(needed)
    size = (len(targets), len(sources), *keep.shape[2:])
    uses = to_weight(number(sources), size, number(targets), **_options(node)) > ANY
    return keep & uses[after][:, before]


def number(flags: Flags) -> Tensor:
    """Return flags as one image of zeros and ones."""
    return flags.float()[None]


def _alike(flags: Flags) -> tuple[Flags, Int64[Tensor, " channels"]]:
    """Return the maps that differ (everything, nothing, then every partial one) and which of them each channel has."""
    every, some = flags.flatten(1).all(1), flags.flatten(1).any(1)
    partial = some & ~every
    maps = torch.cat([torch.ones_like(flags[:1]), torch.zeros_like(flags[:1]), flags[partial]])
    which = torch.where(every, 0, 1)
    which[partial] = torch.arange(2, len(maps))
    return maps, which


def _merged(keep: Kernels, which: Int64[Tensor, " channels"], dim: int) -> Kernels:
    """Return kernels between maps instead of channels (inputs for dim 1, outputs for dim 0): kept if one of them is."""
    every = keep.index_select(dim, (which == 0).nonzero().flatten()).any(dim, keepdim=True)
    partial = keep.index_select(dim, (which > 1).nonzero().flatten())
    return torch.cat([every, torch.zeros_like(every), partial], dim)


def _options(node: Node) -> dict[str, Any]:
    return {name: node[name] for name in ("stride", "padding", "dilation", "groups")}

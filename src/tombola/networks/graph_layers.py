"""Which PyTorch layers are which operations of a layer graph, with which attributes."""

from collections.abc import Callable
from typing import Any, Literal

from torch import nn

from tombola.networks.graph_nodes import Op
from tombola.networks.scale import Scale

Attributes = tuple[tuple[str, Any], ...]
Made = tuple[Op | Literal["adaptive"], Attributes] | None
"""Operation and attributes of a layer; None for one that does nothing."""


class LoweringError(Exception):
    """Why a network has no layer graph: half a sentence whose subject is the network or one of its layers."""


def pair(value: Any) -> tuple[int, int]:
    """Return (vertical, horizontal) of what PyTorch takes for both."""
    if isinstance(value, int):
        return value, value
    vertical, horizontal = value
    return int(vertical), int(horizontal)


def attributes_of(**values: Any) -> Attributes:
    """Return attributes in the order that makes equal ones equal."""
    return tuple(sorted(values.items()))


def largest(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Attributes:
    """Return the attributes of a max pooling with PyTorch's arguments."""
    if return_indices:
        raise LoweringError("its max pooling returns indices")
    kernel, step = pair(kernel_size), pair(stride or kernel_size)
    return attributes_of(
        kernel=kernel, stride=step, padding=pair(padding), dilation=pair(dilation), ceil=bool(ceil_mode)
    )


def average(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Attributes:
    """Return the attributes of an average pooling with PyTorch's arguments."""
    if divisor_override is not None:
        raise LoweringError("its average pooling has a divisor of its own")
    kernel, step = pair(kernel_size), pair(stride or kernel_size)
    padded, count = pair(padding), bool(count_include_pad)
    return attributes_of(kernel=kernel, stride=step, padding=padded, ceil=bool(ceil_mode), count_padding=count)


def adaptive(output_size: Any) -> tuple[int | None, int | None]:
    """Return height and width that an adaptive pooling makes; None keeps the input's."""
    if output_size is None or isinstance(output_size, int):
        return output_size, output_size
    height, width = output_size
    return height, width


def drop(p: float) -> Attributes | None:
    """Return the attributes of a dropout; None if it drops nothing."""
    return attributes_of(p=float(p)) if p else None


def channels_padded(pad: Any, mode: str = "constant", value: float | None = None) -> Attributes | None:
    """Return the attributes of a padding with channels of zeros; None if it adds nothing.

    `pad` holds what comes before and after the last dimension, then before and after the one before it, and so on.
    """
    sizes = tuple(pad)
    if mode != "constant" or value or len(sizes) > 6 or any(sizes[:4]) or min(sizes, default=0) < 0:
        raise LoweringError("it pads maps with something other than channels of zeros")
    return attributes_of(before=int(sizes[4]), after=int(sizes[5])) if any(sizes) else None


def _conv(name: str, layer: nn.Conv2d) -> Made:
    if layer.padding_mode != "zeros":
        raise LoweringError(f"layer '{name}' (Conv2d) pads with '{layer.padding_mode}', not with zeros")
    kernel, dilation, padding = pair(layer.kernel_size), pair(layer.dilation), layer.padding
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        if any(width % 2 for width in total):
            raise LoweringError(f"layer '{name}' (Conv2d) pads one side more than the other")
        padding = (total[0] // 2, total[1] // 2)
    spaces = {"stride": pair(layer.stride), "padding": pair(0 if padding == "valid" else padding)}
    return "conv", attributes_of(kernel=kernel, dilation=dilation, groups=layer.groups, **spaces)


def _batch_norm(name: str, layer: nn.BatchNorm1d | nn.BatchNorm2d) -> Made:
    if layer.running_mean is None:
        raise LoweringError(f"layer '{name}' ({type(layer).__name__}) tracks no running statistics")
    if layer.momentum is None:
        raise LoweringError(f"layer '{name}' ({type(layer).__name__}) has no fixed momentum")
    return "batch_norm", attributes_of(eps=float(layer.eps), momentum=float(layer.momentum))


def _max_pool(name: str, layer: nn.MaxPool2d) -> Made:
    options = (layer.padding, layer.dilation, layer.ceil_mode, layer.return_indices)
    return "max_pool", largest(layer.kernel_size, layer.stride, *options)


def _avg_pool(name: str, layer: nn.AvgPool2d) -> Made:
    options = (layer.padding, layer.ceil_mode, layer.count_include_pad, layer.divisor_override)
    return "avg_pool", average(layer.kernel_size, layer.stride, *options)


def _flatten(name: str, layer: nn.Flatten) -> Made:
    if (layer.start_dim, layer.end_dim) != (1, -1):
        raise LoweringError(f"layer '{name}' (Flatten) flattens other dimensions than all of an image")
    return "flatten", ()


def _dropout(name: str, layer: nn.Dropout) -> Made:
    attributes = drop(layer.p)
    return None if attributes is None else ("dropout", attributes)


def _pad(name: str, layer: nn.ZeroPad3d) -> Made:
    attributes = channels_padded(layer.padding)
    return None if attributes is None else ("pad", attributes)


LAYERS: dict[type[nn.Module], Callable[[str, Any], Made]] = {
    nn.Conv2d: _conv,
    nn.Linear: lambda name, layer: ("linear", ()),
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.ReLU: lambda name, layer: ("relu", ()),
    nn.Tanh: lambda name, layer: ("tanh", ()),
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _avg_pool,
    nn.AdaptiveAvgPool2d: lambda name, layer: ("adaptive", (("target", adaptive(layer.output_size)),)),
    nn.Flatten: _flatten,
    nn.Identity: lambda name, layer: None,
    nn.Dropout: _dropout,
    nn.ZeroPad3d: _pad,
    Scale: lambda name, layer: ("scale", ()),
}
"""Exact layer type (a subclass may compute anything) → operation and attributes."""

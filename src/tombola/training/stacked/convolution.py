"""Convolutions of many networks at once, in several forms."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Images = Float[Tensor, "replicate n inputs height width"]
Kernels = Float[Tensor, "replicate outputs inputs kernel_height kernel_width"]
Biases = Float[Tensor, "replicate outputs"]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """How a convolution moves over its input."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1


Form = Callable[[Images, Kernels, Biases | None, Geometry], Images]


def grouped(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> Images:
    """Convolve by one grouped convolution: replicates side by side as channels."""
    replicates = len(weight)
    wide = x.transpose(0, 1).reshape(x.shape[1], -1, *x.shape[3:])
    shift = None if bias is None else bias.reshape(-1)
    groups = replicates * geometry.groups
    y = F.conv2d(wide, weight.flatten(0, 1), shift, geometry.stride, geometry.padding, geometry.dilation, groups)
    return y.view(y.shape[0], replicates, -1, *y.shape[2:]).transpose(0, 1)


def unfolded(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> Images:
    """Convolve by one batched product with the patches laid out in memory; for convolutions without groups."""
    replicates, n, _, height, width = x.shape
    kernel = weight.shape[3:]
    patches = F.unfold(x.flatten(0, 1), kernel, geometry.dilation, geometry.padding, geometry.stride)
    columns = patches.view(replicates, n, *patches.shape[1:]).transpose(1, 2).flatten(2)
    matrix = weight.flatten(2)
    y = torch.bmm(matrix, columns) if bias is None else torch.baddbmm(bias.unsqueeze(2), matrix, columns)
    spans = zip((height, width), kernel, geometry.stride, geometry.padding, geometry.dilation, strict=True)
    out = [(size + 2 * pad - dilation * (k - 1) - 1) // stride + 1 for size, k, stride, pad, dilation in spans]
    return y.view(replicates, -1, n, *out).transpose(1, 2)


def looped(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> Images:
    """Convolve one network after the other."""
    return torch.stack(_one_by_one(x, weight, bias, geometry))


def looped_last(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> Images:
    """Convolve one network after the other in channels-last layout; the result keeps it."""
    last = torch.channels_last
    x = x.flatten(0, 1).contiguous(memory_format=last).view(x.shape)
    weight = weight.flatten(0, 1).contiguous(memory_format=last).view(weight.shape)
    parts = [part.permute(0, 2, 3, 1) for part in _one_by_one(x, weight, bias, geometry)]
    return torch.stack(parts).permute(0, 1, 4, 2, 3)


def streamed(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> Images:
    """Convolve every network on a CUDA stream of its own. Not chosen by itself: unmeasured, and untested on a GPU."""
    if not x.is_cuda:
        return looped(x, weight, bias, geometry)
    here, outputs = torch.cuda.current_stream(x.device), []
    biases = [None] * len(weight) if bias is None else bias.unbind(0)
    streams = _streams(x.device, len(weight))
    for stream, one, kernels, shift in zip(streams, x.unbind(0), weight.unbind(0), biases, strict=True):
        stream.wait_stream(here)
        with torch.cuda.stream(stream):
            outputs.append(_convolve(one, kernels, shift, geometry))
    for stream in streams:
        # what a side stream allocates is used here, and freed memory is used there only after the next wait above
        here.wait_stream(stream)
    return torch.stack(outputs)


@lru_cache(maxsize=8)
def _streams(device: torch.device, count: int) -> tuple[torch.cuda.Stream, ...]:
    return tuple(torch.cuda.Stream(device) for _ in range(count))  # type: ignore[no-untyped-call]


def _one_by_one(x: Images, weight: Kernels, bias: Biases | None, geometry: Geometry) -> list[Tensor]:
    biases = [None] * len(weight) if bias is None else bias.unbind(0)
    return [_convolve(*one, geometry) for one in zip(x.unbind(0), weight.unbind(0), biases, strict=True)]


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    return F.conv2d(x, weight, bias, geometry.stride, geometry.padding, geometry.dilation, geometry.groups)


FORMS: dict[str, Form] = {
    "grouped": grouped,
    "unfolded": unfolded,
    "looped": looped,
    "looped-last": looped_last,
    "streamed": streamed,
}
"""All of them compute the same, up to the order of sums."""

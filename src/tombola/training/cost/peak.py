"""The best that dense arithmetic reaches on one core: what no dense engine can beat."""

import torch
import torch.nn.functional as F

from tombola.training.cost.timing import seconds

SIZE = 1024
CONV = (16, 64, 32)
"""Images, channels and side of the convolution."""


def measure_peak() -> float:
    """Return floating-point operations per second of the better of a matrix product and a convolution, in float32."""
    a, b = torch.ones(SIZE, SIZE), torch.ones(SIZE, SIZE)
    images, channels, side = CONV
    maps = torch.ones(images, channels, side, side).contiguous(memory_format=torch.channels_last)
    kernel = torch.ones(channels, channels, 3, 3).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        product = 2 * SIZE**3 / seconds(lambda: a @ b, 5)
        convolution = 2 * 9 * images * (channels * side) ** 2 / seconds(lambda: F.conv2d(maps, kernel, padding=1), 5)
    return max(product, convolution)

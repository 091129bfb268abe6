"""The self-contained fixtures of sparse-analysis reference, section 13: numbers that need no data."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

SIZES = (20, 16, 12, 5)


def uniform(start: int) -> Iterator[float]:
    """The recurrence x <- 1664525 x + 1013904223 mod 2^32, as numbers in [0, 1)."""
    x = start
    while True:
        x = (1664525 * x + 1013904223) % 2**32
        yield x / 2**32


def generated(seed: int, density: float, sizes: Sequence[int] = SIZES) -> list[Tensor]:
    """G(seed, density, sizes): weights [out][in] of every layer, pruned ones 0."""
    draw = uniform(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        values = []
        for _ in range(inputs * outputs):
            keep, value = next(draw) < density, 2 * next(draw) - 1
            values.append(value if keep else 0.0)
        layers.append(torch.tensor(values, dtype=torch.float64).view(outputs, inputs))
    return layers


def network(weights: Sequence[Tensor], activation: type[nn.Module] | None = None) -> nn.Sequential:
    """Return a chain of bias-free linear layers with these weights, and activations between them."""
    parts: list[nn.Module] = []
    for weight in weights:
        parts += [activation()] if parts and activation else []
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
        layer.weight = nn.Parameter(weight.clone())
        parts.append(layer)
    return nn.Sequential(*parts)

"""How initial weights are distributed: names of `network.weight_init`, each one function of a shape and a generator."""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Weights = Float[Tensor, "outputs inputs *kernel"]
Draw = Callable[[Sequence[int], torch.Generator], Weights]
"""(shape, CPU generator) -> float32 weights."""

DEFAULT = "default"
"""Leaves a tensor to what its layer draws for itself."""


def fans(weight: Tensor) -> tuple[int, int]:
    """Return the number of inputs and outputs that share a weight tensor's unit: channels times kernel area."""
    return _fans(weight.shape)


def glorot_normal(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw from N(0, 2 / (fan_in + fan_out)) (Glorot & Bengio 2010, gain 1)."""
    return _normal(shape, math.sqrt(2 / sum(_fans(shape))), generator)


def glorot_uniform(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw from U(±sqrt(6 / (fan_in + fan_out))) (Glorot & Bengio 2010, gain 1)."""
    return uniform(shape, math.sqrt(6 / sum(_fans(shape))), generator)


def kaiming_normal(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw from N(0, 2 / fan_in) (He et al. 2015, gain of the rectifier)."""
    return _normal(shape, math.sqrt(2 / _fans(shape)[0]), generator)


def kaiming_uniform(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw from U(±sqrt(6 / fan_in)) (He et al. 2015, gain of the rectifier)."""
    return uniform(shape, math.sqrt(6 / _fans(shape)[0]), generator)


def uniform_fan_in(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw from U(±1 / sqrt(fan_in)), as PyTorch's own layers do (sparse-analysis reference, section 2.1)."""
    return uniform(shape, 1 / math.sqrt(_fans(shape)[0]), generator)


def signed_kaiming(shape: Sequence[int], generator: torch.Generator) -> Weights:
    """Draw signs of one magnitude, sqrt(2 / fan_in) (Ramanujan et al. 2020; sparse-analysis reference, section 2.1)."""
    magnitude = torch.full(tuple(shape), math.sqrt(2 / _fans(shape)[0]), dtype=torch.float32)
    # a draw of exactly 0 has the sign bit of +0.0
    return magnitude.copysign(uniform_fan_in(shape, generator))


INITIALISERS: dict[str, Draw] = {
    "glorot-normal": glorot_normal,
    "glorot-uniform": glorot_uniform,
    "kaiming-normal": kaiming_normal,
    "kaiming-uniform": kaiming_uniform,
    "uniform-fan-in": uniform_fan_in,
    "signed-kaiming": signed_kaiming,
}
"""All values of ``network.weight_init`` but `DEFAULT`."""


def uniform(shape: Sequence[int], bound: float, generator: torch.Generator) -> Tensor:
    """Draw from U(±bound)."""
    return torch.empty(tuple(shape), dtype=torch.float32).uniform_(-bound, bound, generator=generator)


def _normal(shape: Sequence[int], deviation: float, generator: torch.Generator) -> Tensor:
    return torch.empty(tuple(shape), dtype=torch.float32).normal_(0, deviation, generator=generator)


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    outputs, inputs, *kernel = shape
    area = math.prod(kernel)
    return inputs * area, outputs * area

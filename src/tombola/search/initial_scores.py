"""Where scores start. Adding a start is a function and a registry line."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tombola.networks import PrunableLayer
from tombola.registry import Registry

Start = Callable[[PrunableLayer, torch.Generator], Tensor]
"""(layer, random stream) -> scores in single precision, shaped like the weight, on the CPU."""

starts: Registry[Start] = Registry("score_init")


@starts.register("uniform")
def uniform(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """U(0, 1), as published for Gem-Miner."""
    return torch.rand(layer.shape, generator=generator)


@starts.register("half")
def half(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """All one half: just off, under a strict threshold."""
    return torch.full(layer.shape, 0.5)


@starts.register("bernoulli")
def bernoulli(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """0 or 1, equally likely."""
    return torch.randint(2, layer.shape, generator=generator).float()


@starts.register("bimodal")
def bimodal(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """Beta(0.1, 0.1): nearly 0 or 1."""
    return _beta(layer, generator, 0.1, 0.1)


@starts.register("skewed")
def skewed(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """Beta(1, 5): mostly small; 3 % lie above one half."""
    return _beta(layer, generator, 1.0, 5.0)


@starts.register("kaiming-uniform")
def kaiming_uniform(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """Kaiming uniform with a = sqrt(5), that is U(-1, 1) / sqrt(fan_in), as published for edge-popup."""
    bound = 1 / math.sqrt(math.prod(layer.shape[1:]))
    return torch.empty(layer.shape).uniform_(-bound, bound, generator=generator)


@starts.register("normal")
def normal(layer: PrunableLayer, generator: torch.Generator) -> Tensor:
    """N(0, 1)."""
    return torch.empty(layer.shape).normal_(generator=generator)


def _beta(layer: PrunableLayer, generator: torch.Generator, a: float, b: float) -> Tensor:
    # torch's Beta draws from the global random state only
    seed = int(torch.randint(2**62, (), generator=generator))
    drawn = np.random.Generator(np.random.PCG64(seed)).beta(a, b, layer.shape)
    return torch.from_numpy(drawn).float()

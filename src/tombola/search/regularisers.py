"""What is added to the loss of a Gem-Miner search: value and derivative, over all scores. Adding one is a class."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tombola.registry import Registry
from tombola.specs.search import SearchSpec

NEAR = 1e-6
"""Derivatives that are infinite at scores 0 and 1 are taken so far from there."""


class Regulariser(NamedTuple):
    """Value per score, and its derivative; both (scores, weights, search) -> a number per score, scores in [0, 1]."""

    value: Callable[[Tensor, Tensor, SearchSpec], Tensor]
    slope: Callable[[Tensor, Tensor, SearchSpec], Tensor]


regularisers: Registry[Regulariser] = Registry("regulariser")


def _inside(scores: Tensor) -> Tensor:
    return scores.clamp(NEAR, 1 - NEAR)


def _power_slope(scores: Tensor, weights: Tensor, search: SearchSpec) -> Tensor:
    s, a, b = _inside(scores), search.alpha, search.alpha_prime
    return a * s ** (a - 1) * (1 - s) ** b - b * s**a * (1 - s) ** (b - 1)


for name, rule in {
    "none": Regulariser(lambda s, w, spec: torch.zeros_like(s), lambda s, w, spec: torch.zeros_like(s)),
    "l1": Regulariser(lambda s, w, spec: s.abs(), lambda s, w, spec: s.sign()),
    "l2": Regulariser(lambda s, w, spec: s.square(), lambda s, w, spec: 2 * s),
    "l1-l2": Regulariser(lambda s, w, spec: s.abs() + s.square(), lambda s, w, spec: s.sign() + 2 * s),
    "power": Regulariser(lambda s, w, spec: s**spec.alpha * (1 - s) ** spec.alpha_prime, _power_slope),
    "weighted": Regulariser(
        lambda s, w, spec: w.square() * s * (1 - s),
        lambda s, w, spec: w.square() * (1 - 2 * s),
    ),
    "entropy": Regulariser(
        lambda s, w, spec: -torch.xlogy(s, s) - torch.xlogy(1 - s, 1 - s),
        lambda s, w, spec: -torch.logit(_inside(s)),
    ),
}.items():
    regularisers.register(name)(rule)

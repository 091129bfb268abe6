"""Optimisers, fused: one pass over the weights per step. Fresh for every training."""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from tombola.registry import Registry
from tombola.specs import TrainSpec

Parameters = Sequence[nn.Parameter]

optimisers: Registry[Callable[[Parameters, TrainSpec], Optimizer]] = Registry("optimiser")
"""Name → function from parameters and recipe to an optimiser that leaves weights of zero gradient and state at zero."""


@optimisers.register("adam")
def adam(parameters: Parameters, train: TrainSpec) -> Optimizer:
    """Adam (Kingma & Ba 2015); weight decay is added to the gradient."""
    betas = (train.beta1, train.beta2)
    return Adam(parameters, train.lr, betas=betas, eps=train.eps, weight_decay=train.weight_decay, fused=True)


@optimisers.register("adamw")
def adamw(parameters: Parameters, train: TrainSpec) -> Optimizer:
    """AdamW (Loshchilov & Hutter 2019); weight decay is decoupled from the gradient."""
    betas = (train.beta1, train.beta2)
    return AdamW(parameters, train.lr, betas=betas, eps=train.eps, weight_decay=train.weight_decay, fused=True)


@optimisers.register("sgd")
def sgd(parameters: Parameters, train: TrainSpec) -> Optimizer:
    """Stochastic gradient descent with momentum (Nesterov's on request) and L2."""
    return torch.optim.SGD(
        parameters,
        train.lr,
        momentum=train.momentum,
        nesterov=train.nesterov,
        weight_decay=train.weight_decay,
        fused=True,
    )

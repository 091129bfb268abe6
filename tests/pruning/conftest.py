from copy import deepcopy

import pytest
import torch
from torch import nn

from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning import Mask, ScoreContext
from tombola.specs import NetworkSpec

SPEC = NetworkSpec(family="conv", conv=("4B", "M", 6), linear=(12, 8))


def context_of(module: nn.Module, mask: Mask | None = None, seed: int = 0) -> ScoreContext:
    """Everything a score may ask for, about a module as it is."""
    layers = prunable_layers(module)
    state = capture(module)
    images = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(9))
    return ScoreContext(
        layers=layers,
        mask=Mask.dense(layers) if mask is None else mask,
        final=state,
        initial=state,
        generator=torch.Generator().manual_seed(seed),
        make_module=lambda: deepcopy(module),
        make_batches=lambda: [(images, torch.arange(8) % 5)],
        input_shape=(1, 8, 8),
    )


@pytest.fixture
def module() -> nn.Module:
    """A small network with convolutions, batch normalisation, hidden linear layers and an output."""
    network = build(SPEC, (1, 8, 8), 5)
    initialise(network, SPEC, torch.Generator().manual_seed(0))
    return network


@pytest.fixture
def make_context():
    """Return the maker of score contexts."""
    return context_of

"""Networks of random weights, copies whose units are shuffled, images of noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tombola.analysis.features import Moments
from tombola.analysis.material import NetworkView

Build = Callable[..., NetworkView]


@pytest.fixture(scope="session")
def noise() -> Tensor:
    return torch.randn(60, 1, 4, 5, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="session")
def net() -> Build:
    """Make a network of three layers; `shuffle` changes the order of its hidden units."""

    def make(seed: int, label: str, condition: str = "nets", shuffle: int | None = None) -> NetworkView:
        random = np.random.default_rng(seed)
        shapes = {"a": (16, 20), "b": (12, 16), "c": (5, 12)}
        weights: dict[str, Any] = {
            name: (random.standard_normal(shape) * (random.random(shape) < 0.5)).astype(np.float32)
            for name, shape in shapes.items()
        }
        if shuffle is not None:
            order = np.random.default_rng(shuffle)
            first, second = order.permutation(16), order.permutation(12)
            weights["a"], weights["b"] = weights["a"][first], weights["b"][second][:, first]
            weights["c"] = weights["c"][:, second]
        return NetworkView.of_arrays(label, weights, condition=condition, replicate=seed)

    return make


@pytest.fixture(scope="session")
def moments_of() -> Callable[..., Moments]:
    """Make moments of given activations, one array (sample, unit) per network."""

    def make(*values: np.ndarray) -> Moments:
        shift = torch.cat([torch.from_numpy(value[0]).double() for value in values])
        found = Moments.empty([value.shape[1] for value in values], shift)
        found.add_([torch.from_numpy(value) for value in values])
        return found

    return make

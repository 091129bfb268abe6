"""The reference's generator of small networks."""

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import pytest

SIZES = (20, 16, 12, 5)
Weights = Mapping[str, np.ndarray]


@pytest.fixture(scope="session")
def generated() -> Callable[[int, float], Weights]:
    """G(seed, density): sparse-analysis reference, section 13."""

    def generate(seed: int, density: float) -> Weights:
        x, layers = seed, {}
        for number, (inputs, outputs) in enumerate(itertools.pairwise(SIZES)):
            weight = np.zeros((outputs, inputs), np.float32)
            for place in np.ndindex(weight.shape):
                x = (1664525 * x + 1013904223) % 2**32
                kept = x / 2**32 < density
                x = (1664525 * x + 1013904223) % 2**32
                weight[place] = 2 * x / 2**32 - 1 if kept else 0
            layers[f"layer{number + 1}"] = weight
        return layers

    return generate

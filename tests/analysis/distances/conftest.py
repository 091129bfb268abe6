"""Networks to be compared: the reference's generator, random ones, and copies whose units are shuffled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tombola.analysis.distances.network import Network
from tombola.analysis.distances.units import Units
from tombola.analysis.distances.wiring import Permutations

SIZES = (20, 16, 12, 5)


def generated(seed: int, density: float, sizes: Sequence[int] = SIZES) -> dict[str, np.ndarray]:
    """Return the weights of G(seed, density, sizes): sparse-analysis reference, section 13."""
    x, layers = seed, {}
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        weight = np.zeros((outputs, inputs))
        for row in range(outputs):
            for column in range(inputs):
                x = (1664525 * x + 1013904223) % 2**32
                kept = x / 2**32 < density
                x = (1664525 * x + 1013904223) % 2**32
                weight[row, column] = 2 * x / 2**32 - 1 if kept else 0
        layers[f"layer{number + 1}"] = weight
    return layers


def sparse_weights(shapes: Mapping[str, Sequence[int]], density: float, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        name: np.where(random.random(shape) < density, random.standard_normal(shape), 0).astype(np.float32)
        for name, shape in shapes.items()
    }


def shuffled(network: Network, seed: int, label: str = "copy") -> tuple[Network, Permutations]:
    """Return a copy of a network whose hidden units have changed places, and where they come from."""
    random = np.random.default_rng(seed)
    orders = {g: random.permutation(network.wiring.groups[g].size) for g in network.wiring.free(False)}
    layers = {}
    for name in network.layers:
        moved = network.units(name, orders)
        layers[name] = Units(moved.keep.copy(), moved.values.copy())
    return replace(network, label=label, layers=layers, cache={}), orders


@pytest.fixture(scope="session")
def generator() -> Callable[[int, float], Network]:
    """The reference's G(seed, density) as a network."""
    return lambda seed, density: Network.of_arrays(f"G({seed})", generated(seed, density))

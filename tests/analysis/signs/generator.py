"""The generator of reference/sparse_analysis.md section 13, and the published networks of signs.md 3.1."""

from itertools import pairwise

import numpy as np

SIZES = (20, 16, 12, 5)


def generated(seed: int, density: float, sizes: tuple[int, ...] = SIZES) -> dict[str, np.ndarray]:
    """Weights of G(seed, density), layer by layer, shaped (outputs, inputs)."""
    x, layers = seed, {}

    def draw() -> float:
        nonlocal x
        x = (1664525 * x + 1013904223) % 2**32
        return x / 2**32

    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        values = np.zeros((outputs, inputs), np.float32)
        for place in np.ndindex(values.shape):
            keep, value = draw() < density, 2 * draw() - 1
            values[place] = value if keep else 0
        layers[f"linear{i}"] = values
    return layers


def f1(k: int, group: int, neurons: int = 48) -> np.ndarray:
    """Counts pos_in, pos_out, neg_in, neg_out of network k of group A (0) or B (1); fan-in 64, fan-out 16."""
    i = np.arange(neurons)
    pos_in = 1 + (7 * i + 5 * k) % (11 + 2 * group)
    neg_in = 1 + (5 * i + 3 * k**2) % (9 - group)
    pos_out = 1 + (3 * i + k) % (5 + group)
    neg_out = 1 + (11 * i + 2 * k) % 4
    return np.stack([pos_in, pos_out, neg_in, neg_out], 1)


def f1_rates(k: int, group: int) -> np.ndarray:
    """The four rates (neuron, variable) in the order prune_in, prune_out, sign_in, sign_out."""
    pos_in, pos_out, neg_in, neg_out = f1(k, group).T
    into, out = pos_in + neg_in, pos_out + neg_out
    return np.stack([1 - into / 64, 1 - out / 16, pos_in / into, pos_out / out], 1)

"""Counting what units share, for all pairs of units at once: matrix products of 0/1 matrices."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Shaped

BLOCK = 1 << 16
"""Inputs multiplied at a time. Counts in float32 are exact below 2**24, so a block never rounds."""


@dataclass(frozen=True)
class Compute:
    """Where and in which portions distances are computed; results do not depend on it.

    Attributes
    ----------
    device
        Of the matrix products, as PyTorch names it.
    block
        Inputs at a time.
    """

    device: str = "cpu"
    block: int = BLOCK


HERE = Compute()


def product(
    one: Shaped[np.ndarray, "unit input"], two: Shaped[np.ndarray, "other input"], compute: Compute = HERE
) -> Float[np.ndarray, "unit other"]:
    """Return one times two transposed, as float64.

    Exact for matrices of 0 and 1 (or -1): each block is a float32 product of whole numbers, blocks add in float64.

    Parameters
    ----------
    one, two
        Rows of any number type.
    compute
        Where.
    """
    if one.shape[1] <= compute.block:
        return (_on(one, 0, compute) @ _on(two, 0, compute).T).double().cpu().numpy()
    total = torch.zeros(len(one), len(two), dtype=torch.float64, device=compute.device)
    for start in range(0, one.shape[1], compute.block):
        total += _on(one, start, compute) @ _on(two, start, compute).T
    return total.cpu().numpy()


def _on(rows: Shaped[np.ndarray, "unit input"], start: int, compute: Compute) -> torch.Tensor:
    part = np.ascontiguousarray(rows[:, start : start + compute.block])
    return torch.from_numpy(part).to(compute.device).float()

"""What chance makes of as many survivors: distances, runs and kernel scores where they lie at random."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from tombola.analysis.structure.kernel_graphs import Adjacency, kernel_scores

TAPS = 12
"""Kernels of up to so many weights have all their supports enumerated."""


def expected_runs(kept: Int[NDArray[np.int64], " unit"], inputs: int) -> Float[NDArray[np.float64], " unit"]:
    """Return the mean number of runs of units with so many survivors, all places equally likely: k (n - k + 1) / n."""
    return kept * (inputs - kept + 1) / max(inputs, 1)


def expected_gaps(kept: Int[NDArray[np.int64], " unit"], inputs: int) -> Float[NDArray[np.float64], " unit"]:
    """Return the mean distance of neighbouring survivors of such units: (n + 1) / (k + 1); NaN with fewer than two."""
    return np.where(kept > 1, (inputs + 1) / (kept + 1), np.nan)


def expected_run_sizes(kept: Int[NDArray[np.int64], " unit"], inputs: int) -> Float[NDArray[np.float64], " unit"]:
    """Return survivors over the mean number of runs of such units: n / (n - k + 1); NaN for empty units."""
    return np.where(kept > 0, inputs / (inputs - kept + 1), np.nan)


def expected_score(shape: tuple[int, int], density: float, adjacency: Adjacency = "manhattan") -> float:
    """Return the mean graph score of kernels of a shape whose weights remain with this probability; NaN if too large.

    The sum over all supports of their probability times their score.
    """
    taps = shape[0] * shape[1]
    if taps > TAPS:
        return float("nan")
    scores, kept = _all_scores(shape, adjacency)
    return float(np.sum(scores * density**kept * (1 - density) ** (taps - kept)))


@lru_cache
def _all_scores(shape: tuple[int, int], adjacency: Adjacency) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    taps = shape[0] * shape[1]
    supports = (np.arange(2**taps)[:, None] >> np.arange(taps) & 1).astype(bool)
    return kernel_scores(supports.reshape(-1, 1, *shape), adjacency)[:, 0], supports.sum(1)

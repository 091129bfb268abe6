"""Means over blocks of a distance matrix, for thousands of labelings or resamplings of its networks at once."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError

Array = NDArray[np.float64]

Blocks = Sequence[tuple[int, int]]
"""Pairs of groups; a group with itself stands for the pairs within it."""

CHUNK = 4_000_000
"""Numbers held at once."""


def as_matrices(matrices: ArrayLike) -> Array:
    """Return distances as ``(cell, network, network)``, both directions averaged, so that the order of a pair is none.

    Raises
    ------
    TombolaError
        If they are not square.
    """
    found = np.asarray(matrices, np.float64)
    found = found[None] if found.ndim == 2 else found
    if found.ndim != 3 or found.shape[1] != found.shape[2]:
        raise TombolaError(f"distances shaped {[*found.shape]} are no square matrices (cell, network, network)")
    return (found + found.transpose(0, 2, 1)) / 2


def mean_difference(
    matrices: Float[np.ndarray, "cell network network"],
    weights: Float[np.ndarray, "draw network group"],
    first: Blocks,
    second: Blocks,
) -> Float[np.ndarray, "draw cell"]:
    """Return mean of the second pair set minus mean of the first, for every draw and matrix.

    Parameters
    ----------
    matrices
        Symmetric distances; NaN counts as no pair, as does a network with itself.
    weights
        How often each network stands in each group: 0 or 1 for a labeling, any count for a resampling. A pair counts
        as often as the product of its two.
    first, second
        Which pairs.

    Returns
    -------
    array
        NaN where a pair set is empty.
    """
    known = ~np.isnan(matrices) & ~np.eye(matrices.shape[1], dtype=bool)
    values = np.where(known, matrices, 0.0)
    one_mask = bool((known == known[0]).all())
    masks = known[:1].astype(np.float64) if one_mask else known.astype(np.float64)
    draws = max(1, CHUNK // (matrices.shape[0] * matrices.shape[1] * weights.shape[2]))
    parts = []
    for start in range(0, len(weights), draws):
        part = weights[start : start + draws]
        sums, counts = _block_sums(values, part, [*first, *second]), _block_sums(masks, part, [*first, *second])
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [
                sums[chosen].sum(0) / counts[chosen].sum(0)
                for chosen in (slice(0, len(first)), slice(len(first), None))
            ]
        parts.append(means[1] - means[0])
    return np.concatenate(parts)


def one_hot(labels: NDArray[np.intp], groups: int) -> Float[np.ndarray, "draw network group"]:
    """Return labelings ``(draw, network)`` as weights."""
    weights: Array = (labels[..., None] == np.arange(groups)).astype(np.float64)
    return weights


def _block_sums(matrices: Array, weights: Array, blocks: Blocks) -> Float[np.ndarray, "block draw cell"]:
    cells, n, _ = matrices.shape
    draws, _, groups = weights.shape
    flat = np.ascontiguousarray(weights.transpose(1, 0, 2)).reshape(n, draws * groups)
    towards = (matrices.reshape(cells * n, n) @ flat).reshape(cells, n, draws, groups)
    found = [np.einsum("dn,cnd->dc", weights[:, :, a], towards[..., b]) / (1 + (a == b)) for a, b in blocks]
    return np.stack(found)

"""Kernels as graphs: how much of what remains of a kernel hangs together (sparse-analysis reference, 7.7)."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError, nearest

Adjacency = Literal["manhattan", "euclidean"]
"""Which survivors are joined: at Manhattan distance 1 (sides), or at Euclidean distance up to the root of 2 (corners
too)."""

Kernels = Bool[NDArray[np.bool_], "filter channel height width"]


def kernel_scores(
    keep: Kernels, adjacency: Adjacency = "manhattan", *, smallest: int = 1, decimals: int | None = None
) -> Float[NDArray[np.float64], "filter channel"]:
    """Return the graph score of every kernel: the share of its connected parts that are larger than `smallest`.

    It is 0 for an empty kernel, and where every survivor is alone; 1 where all parts are larger, one part of two or
    more survivors among them.

    Parameters
    ----------
    keep
        Which weights remain.
    adjacency
        Which survivors are joined.
    smallest
        Parts of so many survivors or fewer do not count as connected.
    decimals
        Rounds each score; 2 as published (``sna2023``).

    Raises
    ------
    TombolaError
        If there is no such adjacency.

    Examples
    --------
    >>> kernel = np.zeros((1, 1, 3, 3), bool)
    >>> kernel[0, 0, [0, 0, 2], [0, 1, 2]] = True
    >>> kernel_scores(kernel)
    array([[0.5]])
    """
    patterns, which = unique_supports(keep)
    scores = np.array([_score(pattern, adjacency, smallest) for pattern in patterns])
    if decimals is not None:
        scores = np.round(scores, decimals)
    return scores[which].reshape(keep.shape[:2]) if len(scores) else np.zeros(keep.shape[:2])


def filter_scores(scores: Float[NDArray[np.float64], "filter channel"]) -> Float[NDArray[np.float64], " filter"]:
    """Return the mean score of each filter's kernels."""
    return scores.mean(1) if scores.shape[1] else np.zeros(len(scores))


def unique_supports(
    keep: Kernels,
) -> tuple[Bool[NDArray[np.bool_], "pattern height width"], Int[NDArray[np.int64], " kernel"]]:
    """Return the different supports among kernels, and which one each kernel has."""
    flat = keep.reshape(-1, int(np.prod(keep.shape[2:])))
    packed = np.packbits(flat, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return flat[first].reshape(len(first), *keep.shape[2:]), which.reshape(-1)


def _score(pattern: Bool[NDArray[np.bool_], "height width"], adjacency: Adjacency, smallest: int) -> float:
    from scipy import ndimage

    if adjacency not in get_args(Adjacency):
        raise TombolaError(f"adjacency = '{adjacency}'{nearest(adjacency, get_args(Adjacency))}")
    labels, count = ndimage.label(pattern, ndimage.generate_binary_structure(2, 1 if adjacency == "manhattan" else 2))
    sizes = np.bincount(labels.ravel())[1:]
    return float((sizes > smallest).sum() / count) if count else 0.0

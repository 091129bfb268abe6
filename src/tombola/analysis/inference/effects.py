"""How large a difference between two sets of distances is, in units that can be compared."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from tombola.analysis.inference.blocks import Blocks, as_matrices

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Effect:
    """Effect sizes, one per matrix.

    Attributes
    ----------
    standardised
        Mean of the second pairs minus mean of the first, over the pooled sd of the networks' mean distances: each
        network's mean over its pairs of a set is one value. NaN where these do not vary.
    superiority
        Probability that a second pair is further apart than a first one; ties count half.
    """

    standardised: Float[np.ndarray, " cell"]
    superiority: Float[np.ndarray, " cell"]


def effects(matrices: ArrayLike, groups: Int[np.ndarray, " network"], first: Blocks, second: Blocks) -> Effect:
    """Return the effect sizes of mean(second pairs) - mean(first pairs).

    Parameters
    ----------
    matrices, groups, first, second
        As in `permute_labels`.
    """
    found = as_matrices(matrices)
    chosen = [_chosen(np.asarray(groups), blocks) for blocks in (first, second)]
    pairs = [list(zip(*np.nonzero(np.triu(mask, 1)), strict=True)) for mask in chosen]
    sets = [np.array([matrix_pairs(found, part)]).reshape(len(found), -1) for part in pairs]
    means = [_network_means(found, mask) for mask in chosen]
    difference = np.array([_mean(b) - _mean(a) for a, b in zip(*sets, strict=True)])
    spread = np.array([_pooled_sd(a, b) for a, b in zip(*means, strict=True)])
    standardised = np.full(len(found), np.nan)
    np.divide(difference, spread, out=standardised, where=spread > 0)
    return Effect(standardised, np.array([_superiority(a, b) for a, b in zip(*sets, strict=True)]))


def matrix_pairs(matrices: Array, pairs: list[tuple[np.intp, np.intp]]) -> Array:
    """Return the distances of pairs, ``(cell, pair)``."""
    i, j = np.array(pairs, np.intp).reshape(-1, 2).T
    return matrices[:, i, j]


def _chosen(groups: NDArray[np.intp], blocks: Blocks) -> NDArray[np.bool_]:
    """Return which pairs belong to a set, both orders."""
    found = np.zeros((len(groups), len(groups)), bool)
    for a, b in blocks:
        block = (groups == a)[:, None] & (groups == b)
        found |= block | block.T
    np.fill_diagonal(found, False)
    return found


def _network_means(matrices: Array, chosen: NDArray[np.bool_]) -> list[Array]:
    known = chosen & ~np.isnan(matrices)
    totals, counts = np.where(known, matrices, 0.0).sum(2), known.sum(2)
    return [total[count > 0] / count[count > 0] for total, count in zip(totals, counts, strict=True)]


def _pooled_sd(a: Array, b: Array) -> float:
    if len(a) < 2 or len(b) < 2:
        return float("nan")
    squares = (len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)
    return float(np.sqrt(squares / (len(a) + len(b) - 2)))


def _superiority(a: Array, b: Array) -> float:
    a, b = np.sort(a[~np.isnan(a)]), b[~np.isnan(b)]
    if not len(a) or not len(b):
        return float("nan")
    below = np.searchsorted(a, b, side="left") + np.searchsorted(a, b, side="right")
    return float(below.sum() / (2 * len(a) * len(b)))


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")

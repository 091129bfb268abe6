"""Permutation of network labels: whether one set of pairs is further apart than another, beyond chance."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from tombola.analysis.inference.blocks import Blocks, as_matrices, mean_difference, one_hot
from tombola.analysis.inference.labels import DRAWS, EXACT_UP_TO, SEED, labelings

ROUNDING = 1e-12
"""By how much sums in another order may differ, as a share of the largest distance."""


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """One-sided tests of T = mean(second pairs) - mean(first pairs) > 0, one per matrix.

    Attributes
    ----------
    statistic
        T with the real labels; NaN where a pair set is empty.
    p
        Share of labelings whose T is at least as large, the real one included.
    labelings
        How many were looked at.
    exact
        Whether these are all there are.
    smallest_p
        The p that the real labels would have if no different arrangement came near: it cannot get smaller.
    """

    statistic: Float[np.ndarray, " cell"]
    p: Float[np.ndarray, " cell"]
    labelings: int
    exact: bool
    smallest_p: float


def permute_labels(
    matrices: ArrayLike,
    groups: Int[np.ndarray, " network"],
    first: Blocks,
    second: Blocks,
    *,
    among: Collection[int] | None = None,
    strata: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    exact_up_to: int = EXACT_UP_TO,
) -> PermutationTest:
    """Test whether the second pairs are further apart than the first, by permuting the labels of networks.

    Exact where there are at most `exact_up_to` labelings: p = #{T* >= T} / labelings. Otherwise p = (#{T* >= T} + 1) /
    (draws + 1), which is valid for any number of draws.

    Parameters
    ----------
    matrices
        Distances ``(network, network)`` or ``(cell, network, network)``; of asymmetric ones both directions are
        averaged. NaN is no pair.
    groups
        The group of each network, numbered from 0.
    first, second
        Pair sets as blocks of groups.
    among, strata, draws, seed, exact_up_to
        As in `labelings`.

    Raises
    ------
    TombolaError
        If the distances are not square.
    """
    found, real = as_matrices(matrices), np.asarray(groups, np.intp)
    kinds = int(max([real.max(), *(g for block in (*first, *second) for g in block)])) + 1
    found = np.concatenate([found, _unrelated(len(real))])
    observed = mean_difference(found, one_hot(real[None], kinds), first, second)[0]
    handed_out = labelings(real, among, strata=strata, draws=draws, seed=seed, exact_up_to=exact_up_to)
    drawn = mean_difference(found, one_hot(handed_out.labels, kinds), first, second)
    tolerance = ROUNDING * np.maximum(1.0, np.nanmax(np.abs(found), axis=(1, 2), initial=0.0))
    above = (drawn >= observed - tolerance).sum(0)
    alike = int((np.abs(drawn - observed) <= tolerance)[:, -1].sum())
    extra = 0 if handed_out.exact else 1
    looked_at = len(drawn) + extra
    p = np.where(np.isnan(observed), np.nan, (above + extra) / looked_at)
    smallest = max(alike, 1) / looked_at if handed_out.exact else 1 / looked_at
    return PermutationTest(observed[:-1], p[:-1], looked_at, handed_out.exact, smallest)


def _unrelated(networks: int) -> Float[np.ndarray, "1 network network"]:
    """Return distances without ties: labelings that give them the same T are the same arrangement by other names."""
    return as_matrices(np.random.default_rng(0).random((networks, networks)))

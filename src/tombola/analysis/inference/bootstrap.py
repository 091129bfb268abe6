"""Cluster bootstrap: intervals of a difference of mean distances, resampling networks, not pairs."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from tombola.analysis.inference.blocks import Blocks, as_matrices, mean_difference
from tombola.analysis.inference.labels import SEED
from tombola.errors import TombolaError

RESAMPLES = 1_999
CONFIDENCE = 0.95


def cluster_bootstrap(
    matrices: ArrayLike,
    groups: Int[np.ndarray, " network"],
    first: Blocks,
    second: Blocks,
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " cell"]]:
    """Return the ends of the interval of mean(second pairs) - mean(first pairs), percentiles over resamples.

    Networks are drawn with replacement within their group; a network that is drawn twice makes no pair with itself.
    With few networks per group such intervals are too narrow.

    Parameters
    ----------
    matrices, groups, first, second
        As in `permute_labels`.
    resamples, seed
        How many, and of which stream.
    confidence
        Coverage, in (0, 1).

    Raises
    ------
    TombolaError
        If the distances are not square, or `confidence` is outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise TombolaError(f"confidence = {confidence}: a coverage between 0 and 1 is needed, such as 0.95")
    found, real = as_matrices(matrices), np.asarray(groups, np.intp)
    kinds = int(max([real.max(), *(g for block in (*first, *second) for g in block)])) + 1
    drawn = mean_difference(found, _resampled(real, kinds, resamples, seed), first, second)
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    known = ~np.isnan(drawn).all(0)
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    if known.any():
        low[known], high[known] = np.nanquantile(drawn[:, known], ends, axis=0)
    return low, high


def _resampled(groups: NDArray[np.intp], kinds: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how often each network is drawn, in its group's column."""
    rng = np.random.default_rng([seed, 1])
    weights = np.zeros((resamples, len(groups), kinds))
    for group in range(kinds):
        members = np.flatnonzero(groups == group)
        if len(members):
            counts = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), resamples)
            weights[:, members, group] = counts
    return weights

"""Labelings of networks: every way of handing out the same labels, or a random sample of them."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from tombola.errors import TombolaError

EXACT_UP_TO = 20_000
"""Labelings that are enumerated rather than drawn."""
DRAWS = 9_999
SEED = 0


@dataclass(frozen=True, eq=False)
class Labelings:
    """Ways of handing out labels.

    Attributes
    ----------
    labels
        One labeling per row, shape ``(labeling, network)``; the real one is among them if they are exact.
    exact
        Whether these are all there are.
    total
        How many there are.
    """

    labels: Int[np.ndarray, "labeling network"]
    exact: bool
    total: int


def labelings(
    groups: Int[np.ndarray, " network"],
    among: Collection[int] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    exact_up_to: int = EXACT_UP_TO,
) -> Labelings:
    """Return labelings with the same number of networks per group.

    Parameters
    ----------
    groups
        The real labels.
    among
        Groups whose networks swap labels; the others keep theirs. By default all.
    draws
        Random labelings where there are more than `exact_up_to`.
    seed
        Of the draws.

    Raises
    ------
    TombolaError
        If fewer than one draw is asked for.
    """
    if draws < 1:
        raise TombolaError(f"draws = {draws}: a permutation test needs one labeling at least")
    real = np.asarray(groups, np.intp)
    moving = np.flatnonzero(np.isin(real, list(set(real.tolist()) if among is None else among)))
    labels, counts = np.unique(real[moving], return_counts=True)
    total = math.factorial(len(moving))
    for count in counts.tolist():
        total //= math.factorial(count)
    if total <= exact_up_to:
        handed_out = _all_orders(labels, counts)
    else:
        rng = np.random.default_rng(seed)
        handed_out = rng.permuted(np.broadcast_to(real[moving], (draws, len(moving))), axis=1)
    found = np.tile(real, (len(handed_out), 1))
    found[:, moving] = handed_out
    return Labelings(found, total <= exact_up_to, total)


def _all_orders(labels: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return every order of a multiset, one per row, place by place."""
    orders, left = np.empty((1, 0), np.intp), counts[None]
    for _ in range(int(counts.sum())):
        grown, remaining = [], []
        for i, label in enumerate(labels):
            usable = left[:, i] > 0
            grown.append(np.hstack([orders[usable], np.full((int(usable.sum()), 1), label)]))
            remaining.append(left[usable] - (np.arange(len(labels)) == i))
        orders, left = np.concatenate(grown), np.concatenate(remaining)
    return orders

"""Labelings of networks: every way of handing out the same labels, or a random sample of them.

Where networks belong together (a ticket and its control come from one replicate), labels may be restricted to move
within strata only: what strata differ in then cannot look like a difference between groups.
"""

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike, NDArray

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
    strata: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    exact_up_to: int = EXACT_UP_TO,
) -> Labelings:
    """Return labelings with the same number of networks per group, in every stratum.

    Parameters
    ----------
    groups
        The real labels.
    among
        Groups whose networks swap labels; the others keep theirs. By default all.
    strata
        The stratum of each network (its data set, its replicate, or both); labels move within strata only. By default
        there is one. A stratum whose networks all have one label contributes nothing.
    draws
        Random labelings where there are more than `exact_up_to`.
    seed
        Of the draws.

    Raises
    ------
    TombolaError
        If fewer than one draw is asked for, or strata are not one per network.
    """
    if draws < 1:
        raise TombolaError(f"draws = {draws}: a permutation test needs one labeling at least")
    real = np.asarray(groups, np.intp)
    moving = np.flatnonzero(np.isin(real, list(set(real.tolist()) if among is None else among)))
    blocks = [moving[part] for part in _strata(strata, len(real), moving)]
    total = 1
    for block in blocks:
        total *= _orders(real[block])
    if total <= exact_up_to:
        found = _every_labeling(real, blocks)
    else:
        rng = np.random.default_rng(seed)
        found = np.tile(real, (draws, 1))
        for block in blocks:
            found[:, block] = rng.permuted(found[:, block], axis=1)
    return Labelings(found, total <= exact_up_to, total)


def stratum_of(*keys: Sequence[Hashable]) -> NDArray[np.intp]:
    """Return numbered strata of networks that agree in all of several keys.

    Examples
    --------
    >>> stratum_of(["cifar", "cifar", "svhn"], [0, 1, 1]).tolist()
    [0, 1, 2]
    """
    numbers: dict[tuple[Hashable, ...], int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in zip(*keys, strict=True)], np.intp)


def _strata(strata: ArrayLike | None, networks: int, moving: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return places in `moving` by stratum."""
    if strata is None:
        return [np.arange(len(moving))]
    given = np.asarray(strata)
    if given.shape != (networks,):
        raise TombolaError(f"strata shaped {[*given.shape]} for {networks} networks: each needs one")
    own = given[moving]
    return [np.flatnonzero(own == stratum) for stratum in np.unique(own)]


def _orders(labels: NDArray[np.intp]) -> int:
    total = math.factorial(len(labels))
    for count in np.unique(labels, return_counts=True)[1].tolist():
        total //= math.factorial(count)
    return total


def _every_labeling(real: NDArray[np.intp], blocks: list[NDArray[np.intp]]) -> NDArray[np.intp]:
    found = real[None].copy()
    for block in blocks:
        orders = _all_orders(*np.unique(real[block], return_counts=True))
        grown = np.repeat(found, len(orders), axis=0)
        grown[:, block] = np.tile(orders, (len(found), 1))
        found = grown
    return found


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

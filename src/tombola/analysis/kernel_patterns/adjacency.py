"""Whether two weights of one sign in a kernel stand side by side more often than chance (signs reference, 12.5)."""

from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int8

from tombola.analysis.kernel_patterns.kernels import KernelSet
from tombola.errors import TombolaError

NullPlaces = Literal["kernel", "place"]
DRAWS = 999


def neighbours(window: tuple[int, int]) -> Bool[np.ndarray, "place other"]:
    """Return which places of a kernel touch side by side (not at corners).

    Examples
    --------
    >>> int(neighbours((3, 3)).sum()) // 2
    12
    """
    row, column = np.divmod(np.arange(window[0] * window[1]), window[1])
    return np.asarray(np.abs(row[:, None] - row) + np.abs(column[:, None] - column) == 1)


def adjacent_pairs(
    flat: Int8[np.ndarray, "... kernel place"], sign: int, window: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of kernels with exactly two weights of a sign, and of those where the two touch.

    Parameters
    ----------
    flat
        Kernels as rows; leading dimensions are kept.
    sign
        1 or -1. Weights of the other sign do not matter.
    window
        Height and width of a kernel.
    """
    own = flat == sign
    two = own.sum(-1) == 2
    touching = np.einsum("...i,ij,...j->...", own.astype(np.float32), neighbours(window).astype(np.float32), own) > 0
    return two.sum(-1), (two & touching).sum(-1)


def adjacency(
    kernels: KernelSet, sign: int, *, null: NullPlaces = "kernel", draws: int = DRAWS, seed: int = 0
) -> dict[str, object]:
    """Return the share of touching pairs beside what random places give.

    Parameters
    ----------
    kernels
        Kernels of one condition.
    sign
        1 or -1.
    null
        ``kernel``: weights of each kernel move to random places of it; ``place``: each place's weights are shuffled
        between the kernels of a network, so that favourite places stay favourite.
    draws, seed
        Of the permutation test: p is the share of draws with as large a share, the data included.

    Raises
    ------
    TombolaError
        If the sign, the null or the number of draws makes no sense.
    """
    if sign not in (1, -1) or null not in ("kernel", "place") or draws < 1:
        raise TombolaError(f"sign = {sign}, null = '{null}', draws = {draws}: 1 or -1, 'kernel' or 'place', at least 1")
    flat, window = kernels.by_network, kernels.window
    two, touching = (int(each.sum()) for each in adjacent_pairs(flat, sign, window))
    share = touching / two if two else float("nan")
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        moved = random.permuted(flat, axis=2 if null == "kernel" else 1)
        pairs, beside = (int(each.sum()) for each in adjacent_pairs(moved, sign, window))
        drawn.append(beside / pairs if pairs else float("nan"))
    values = np.array(drawn)
    known = values[~np.isnan(values)]
    sd = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
    mean = float(known.mean()) if len(known) else float("nan")
    places = window[0] * window[1]
    return {
        "condition": kernels.condition,
        "sign": "positive" if sign > 0 else "negative",
        "pairs": two,
        "touching": touching,
        "share": share,
        "chance": neighbours(window).sum() / (places * (places - 1)) if places > 1 else float("nan"),
        "null": null,
        "null_mean": mean,
        "null_sd": sd,
        "z": (share - mean) / sd if sd > 0 else float("nan"),
        "p": (np.count_nonzero(known >= share - 1e-12) + 1) / (len(known) + 1) if two else float("nan"),
    }


def adjacency_table(sets: list[KernelSet], *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return `adjacency` of both signs against both null models, for every condition."""
    nulls: tuple[NullPlaces, ...] = ("kernel", "place")
    return pd.DataFrame(
        [
            adjacency(each, sign, null=null, draws=draws, seed=seed)
            for each in sets
            for sign in (-1, 1)
            for null in nulls
        ]
    )

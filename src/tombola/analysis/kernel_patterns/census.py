"""Counting signed patterns: kernels whose weights stand at the same places with the same signs."""

from itertools import combinations, product
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Int8

from tombola.analysis.kernel_patterns.kernels import KernelSet
from tombola.errors import TombolaError

Positions = Literal["uniform", "observed"]


def census(kernels: KernelSet, weights: int = 2, *, positions: Positions = "uniform") -> pd.DataFrame:
    """Return how often each signed pattern of so many weights occurs, most frequent first, with z under a null.

    The null: places are drawn without regard to each other (uniformly, or each as often as it is kept), signs
    independently with the shares they have; the number of kernels with so many weights is given. Then the count of a
    pattern is binomial (signs reference, section 12.5). With thousands of patterns some z are large by chance: compare
    with ``expected_top``, the largest count to expect among all of them.

    Parameters
    ----------
    kernels
        Kernels of one condition.
    weights
        Non-zeros of a pattern.
    positions
        Whether places are equally likely or as likely as they are in the data.

    Returns
    -------
    DataFrame
        ``condition``, ``weights``, ``pattern`` (rows of ``+``, ``-``, ``.`` with ``/`` between), ``kernels``,
        ``expected``, ``z``, ``expected_top``; only patterns that occur.

    Raises
    ------
    TombolaError
        If a kernel has not so many places.
    """
    flat, window = kernels.flat, kernels.window
    places = flat.shape[1]
    if not 0 <= weights <= places:
        raise TombolaError(f"weights = {weights}: a kernel of {window[0]}x{window[1]} has 0 to {places}")
    chosen = flat[np.count_nonzero(flat, axis=1) == weights]
    found, counts = np.unique(chosen, axis=0, return_counts=True)
    chances = _place_chances(flat, weights, positions)
    positive = (flat > 0).sum() / max(int((flat != 0).sum()), 1)
    rows = []
    for pattern, count in zip(found, counts.tolist(), strict=True):
        chance = chances[tuple(np.flatnonzero(pattern).tolist())]
        chance *= positive ** (pattern > 0).sum() * (1 - positive) ** (pattern < 0).sum()
        expected = len(chosen) * chance
        sd = np.sqrt(expected * (1 - chance))
        rows.append((drawn(pattern, window), count, expected, (count - expected) / sd if sd > 0 else float("nan")))
    table = pd.DataFrame(rows, columns=["pattern", "kernels", "expected", "z"])
    table.insert(0, "condition", kernels.condition)
    table.insert(1, "weights", weights)
    table["expected_top"] = _expected_top(len(chosen), chances, positive, weights)
    return table.sort_values(["kernels", "pattern"], ascending=[False, True]).reset_index(drop=True)


def drawn(pattern: Int8[np.ndarray, " place"], window: tuple[int, int]) -> str:
    """Return a pattern in characters.

    Examples
    --------
    >>> drawn(np.array([1, 0, 0, -1]), (2, 2))
    '+./.-'
    """
    text = "".join("-.+"[int(value) + 1] for value in pattern)
    return "/".join(text[start : start + window[1]] for start in range(0, len(text), window[1]))


def _place_chances(
    flat: Int8[np.ndarray, "kernel place"], weights: int, positions: Positions
) -> dict[tuple[int, ...], float]:
    """Return the chance of each set of places; they add up to 1."""
    kept = np.count_nonzero(flat, axis=0).astype(float)
    share = np.clip(kept / max(len(flat), 1), 1e-9, 1 - 1e-9)
    odds = share / (1 - share) if positions == "observed" else np.ones(flat.shape[1])
    sets = [*combinations(range(flat.shape[1]), weights)]
    values = np.array([np.prod(odds[list(each)]) for each in sets])
    return dict(zip(sets, (values / values.sum()).tolist(), strict=True))


def _expected_top(kernels: int, chances: dict[tuple[int, ...], float], positive: float, weights: int) -> float:
    """Return the median of the largest count among all patterns, taking their counts as independent."""
    import scipy.stats

    signs = [np.prod([positive if s > 0 else 1 - positive for s in each]) for each in product((1, -1), repeat=weights)]
    likely = np.outer(list(chances.values()), signs).ravel()
    counts = np.arange(kernels + 1)
    below = np.zeros(len(counts))
    for chance, number in zip(*np.unique(likely, return_counts=True), strict=True):
        below += number * scipy.stats.binom.logcdf(counts, kernels, chance)
    return float(np.argmax(below >= np.log(0.5)))

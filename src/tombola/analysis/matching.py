"""Which levels of two runs have the same density, so that their tickets may be compared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tombola.analysis.wording import level_names

DECIMALS = 6
"""Densities that agree to so many decimals are the same."""


@dataclass(frozen=True)
class Matching:
    """The levels two runs share.

    Attributes
    ----------
    pairs
        (level of the first run, level of the other one), dense to sparse.
    unmatched
        Sentences about levels that have no counterpart, and why.
    """

    pairs: tuple[tuple[int, int], ...]
    unmatched: tuple[str, ...]


def match_levels(first: Sequence[float], other: Sequence[float]) -> Matching:
    """Match levels by density: level p with level p where their densities agree, else with any level that does.

    So iterative pruning in two rounds meets one round that removes as much, and rounds of different rates meet nowhere
    but at dense.

    Parameters
    ----------
    first, other
        Density of every level of each run, NaN where no job of the level is done.

    Examples
    --------
    >>> match_levels([1, 0.8, 0.64], [1, 0.64]).pairs
    ((0, 0), (2, 1))
    """
    pairs: list[tuple[int, int]] = []
    for level, density in enumerate(first):
        same = [q for q, d in enumerate(other) if not math.isnan(density) and _key(d) == _key(density)]
        if same:
            pairs.append((level, level if level in same else same[0]))
    mine, theirs = {p for p, _ in pairs}, {q for _, q in pairs}
    return Matching(tuple(pairs), tuple(_sentences(first, other, mine, theirs)))


def _key(density: float) -> float | None:
    return None if math.isnan(density) else round(density, DECIMALS)


def _sentences(first: Sequence[float], other: Sequence[float], mine: set[int], theirs: set[int]) -> list[str]:
    sentences = []
    both = range(min(len(first), len(other)))
    differ = [p for p in both if p not in mine and p not in theirs and not math.isnan(first[p] + other[p])]
    if differ:
        p = differ[0]
        example = f"{first[p]:.6f} and {other[p]:.6f} at level {p}"
        text = f"{_named(differ)} of the two differ{'s' if len(differ) == 1 else ''} in density ({example})"
        sentences.append(f"{text} and {'is' if len(differ) == 1 else 'are'} not compared.")
    for name, densities, matched in (("first", first, mine), ("other", other, theirs)):
        alone = [p for p, d in enumerate(densities) if p not in matched and p not in differ and not math.isnan(d)]
        if alone:
            has = "has" if len(alone) == 1 else "have"
            sentences.append(f"{_named(alone)} of the {name} run {has} no counterpart of the same density.")
        undone = [p for p, d in enumerate(densities) if math.isnan(d)]
        if undone:
            sentences.append(f"{_named(undone)} of the {name} run {'is' if len(undone) == 1 else 'are'} not done.")
    return sentences


def _named(levels: Sequence[int]) -> str:
    return level_names(levels).capitalize()

"""How many weights stay candidates, pruning after pruning: pure arithmetic."""

import math


def published_counts(size: int, density: float, prunings: int) -> list[int]:
    """Return the candidates before and after every pruning as published (sparse_analysis, section 4.1).

    Each removes ceil(p * candidates) with p = 1 - density^(1 / prunings), so that the last count is at most
    ``size * density``, and up to one weight per pruning below.

    Examples
    --------
    >>> published_counts(119400, 0.02, 12)[:4], published_counts(119400, 0.02, 12)[-1]
    ([119400, 86183, 62207, 44901], 2387)
    """
    counts = [size]
    rate = 1 - density ** (1 / prunings) if prunings else 0.0
    for _ in range(prunings):
        counts.append(counts[-1] - math.ceil(rate * counts[-1]))
    return counts


def exact_counts(size: int, keep: int, prunings: int) -> list[int]:
    """Return the same, ending at exactly `keep` and never below.

    Examples
    --------
    >>> exact_counts(119400, 2388, 12)[-2:]
    [3307, 2388]
    """
    counts = [max(keep, count) for count in published_counts(size, keep / size, prunings)]
    return [*counts[:-1], keep] if prunings else counts


def prune_steps(steps: int, per_epoch: int, period: int) -> list[int]:
    """Return the steps after which a search prunes: at the end of epoch 0, T, 2T, ... but not of epoch 0.

    Epochs count from 0 as in the publication, so the first pruning comes after T + 1 of them and there are
    floor((E - 1) / T) in E epochs. The period may be any number of steps.

    Examples
    --------
    >>> prune_steps(25 * 429, 429, 2 * 429)[0] / 429, len(prune_steps(25 * 429, 429, 2 * 429))
    (3.0, 12)
    """
    return list(range(period + per_epoch, steps + 1, period)) if period else []

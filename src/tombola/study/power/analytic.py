"""Sizes by formula: votes for one share against ½, and for two proportions. Reference: explainability 12.1."""

from math import ceil, isfinite, sqrt

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from tombola.errors import TombolaError

ALPHA = 0.05
POWER = 0.8
TINY = 1e-9


def votes_for_share(share: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """Return the decisive, independent votes that tell a share from ½.

    n = (z_{1-α/2} · ½ + z_power · √(p(1-p)))² / (p - ½)², rounded up.

    Raises
    ------
    TombolaError
        If the share is ½ or no share, or power or alpha are out of range.

    Examples
    --------
    >>> votes_for_share(0.6), votes_for_share(0.6, power=0.9)
    (194, 259)
    """
    _check(power, alpha)
    if not 0 < share < 1 or share == 0.5:
        raise TombolaError(f"share = {share}: give a number between 0 and 1 that is not ½, the one it is told from")
    spread = ndtri(1 - alpha / 2) * 0.5 + ndtri(power) * sqrt(share * (1 - share))
    return _up((spread / (share - 0.5)) ** 2)


def votes_for_difference(first: float, second: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """Return the independent answers per arm that tell two proportions apart, rounded up.

    Examples
    --------
    >>> votes_for_difference(0.9, 0.8), votes_for_difference(0.9, 0.8, power=0.9)
    (199, 266)
    """
    _check(power, alpha)
    if not (0 < first < 1 and 0 < second < 1) or first == second:
        raise TombolaError(f"proportions {first} and {second}: give two different numbers between 0 and 1")
    mean = (first + second) / 2
    apart = sqrt(first * (1 - first) + second * (1 - second))
    spread = ndtri(1 - alpha / 2) * sqrt(2 * mean * (1 - mean)) + ndtri(power) * apart
    return _up((spread / (first - second)) ** 2)


def answers_to_collect(votes: int, design_effect: float = 1.0, ties: float = 0.0) -> int:
    """Return the answers behind so many independent, decisive votes: × design effect ÷ (1 - tie rate), rounded up.

    Examples
    --------
    >>> answers_to_collect(194, 2.0, 0.34)
    588
    """
    if not (isfinite(design_effect) and design_effect > 0):
        raise TombolaError(f"design effect = {design_effect}: give a number above 0")
    if not 0 <= ties < 1:
        raise TombolaError(f"ties = {ties}: give a number from 0 to below 1")
    return _up(votes * design_effect / (1 - ties))


def power_of_share(votes: float, share: float, alpha: float = ALPHA) -> float:
    """Return the power of so many independent, decisive votes, by the formula of `votes_for_share`; α at ½."""
    _check(POWER, alpha)
    if share == 0.5:
        return alpha
    reach = abs(share - 0.5) * sqrt(votes) - ndtri(1 - alpha / 2) * 0.5
    return float(ndtr(reach / sqrt(share * (1 - share))))


def detectable_share(votes: float, power: float = POWER, alpha: float = ALPHA) -> float:
    """Return the smallest share above ½ that so many independent, decisive votes tell from ½ with a given power.

    NaN where even unanimous votes would be too few.

    Examples
    --------
    >>> round(detectable_share(194), 3)
    0.6
    """
    _check(power, alpha)
    if votes <= 0 or power_of_share(votes, 1 - TINY, alpha) < power:
        return float("nan")
    return float(brentq(lambda share: power_of_share(votes, share, alpha) - power, 0.5 + TINY, 1 - TINY))


def _up(value: float) -> int:
    return ceil(value - TINY * value)  # not up by one for what only rounding put above a whole number


def _check(power: float, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise TombolaError(f"alpha = {alpha}: give a number between 0 and 1, such as 0.05")
    if not alpha < power < 1:
        raise TombolaError(f"power = {power}: give a number above alpha and below 1, such as 0.8")

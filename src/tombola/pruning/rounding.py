"""Rounding rules: how many of the survivors a rate removes, exactly."""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

from tombola.errors import TombolaError

ROUNDINGS: dict[str, Callable[[int, Fraction], int]] = {
    "ceil": lambda survivors, rate: math.ceil(survivors * rate),
    "floor": lambda survivors, rate: math.floor(survivors * rate),
    "nearest": lambda survivors, rate: round(survivors * rate),
    "percentile": lambda survivors, rate: math.ceil((survivors - 1) * rate) if survivors else 0,
}
"""ceil: Frankle & Carbin's layerwise rule (playground reference, section 4). floor: truncation (Zhou et al. 2019).
nearest: halves to even (google-research/lottery-ticket-hypothesis). percentile: as many as lie strictly below the
percentile of that rate, interpolated linearly, where no two scores are equal (signs reference, section 1.4); the
highest always remains."""

TIES = ("index", "seeded")
"""index: of equal scores, earlier layers and lower flat indices are removed first. seeded: drawn from the generator."""


def removed_at_rate(survivors: int, rate: Fraction, rounding: str) -> int:
    """Return how many of the survivors go at a rate, computed without floating-point error.

    Examples
    --------
    >>> removed_at_rate(235200, Fraction("0.2"), "ceil"), removed_at_rate(16, Fraction("0.2"), "ceil")
    (47040, 4)
    >>> removed_at_rate(1728, Fraction("0.15"), "percentile")
    260
    """
    return ROUNDINGS[rounding](survivors, rate)


def survivors_at(size: int, compression: Fraction) -> int:
    """Return how many of all weights a compression rate leaves: floor(size / rate + 1/2), at least 1 of any.

    Whole numbers throughout, and from all weights, not from those that survive: nothing adds up from level to level
    (explainability reference, section 4.2).

    Examples
    --------
    >>> [survivors_at(1728, Fraction(rate)) for rate in (3, 10, 64)]
    [576, 173, 27]
    """
    numerator, denominator = compression.numerator, compression.denominator
    return min(size, max(1, (2 * size * denominator + numerator) // (2 * numerator)))


def require(field: str, value: str, valid: Iterable[str]) -> None:
    """Refuse a choice that does not exist.

    Raises
    ------
    TombolaError
        Naming field, value and the choices.
    """
    choices = list(valid)
    if value not in choices:
        raise TombolaError(f"{field} = '{value}' is not one of {', '.join(choices)}")

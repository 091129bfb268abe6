"""Rounding rules: how many of the survivors a rate removes, exactly."""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

from tombola.errors import TombolaError

ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "ceil": math.ceil,
    "floor": math.floor,
    "nearest": round,
}
"""ceil: Frankle & Carbin's layerwise rule (playground reference, section 4). floor: truncation (Zhou et al. 2019).
nearest: halves to even (google-research/lottery-ticket-hypothesis)."""

TIES = ("index", "seeded")
"""index: of equal scores, earlier layers and lower flat indices are removed first. seeded: drawn from the generator."""


def removed_at_rate(survivors: int, rate: Fraction, rounding: str) -> int:
    """Return how many of the survivors go at a rate, computed without floating-point error.

    Examples
    --------
    >>> removed_at_rate(235200, Fraction("0.2"), "ceil"), removed_at_rate(16, Fraction("0.2"), "ceil")
    (47040, 4)
    """
    return ROUNDINGS[rounding](survivors * rate)


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

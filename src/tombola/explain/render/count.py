"""How many pixels a share of an image is, in exact arithmetic."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor
from typing import Final

from tombola.errors import TombolaError, nearest

COUNTS: Final = ("floor", "ceil", "round")


def pixel_count(q: str | float | Decimal, pixels: int, count: str = "floor") -> int:
    """Return q · pixels as a whole number; q is read as the decimal it is written as.

    Parameters
    ----------
    q
        Above 0, at most 1. "0.29" of 100 is 29, where binary fractions give 28.
    pixels
        Pixels of the image.
    count
        ``floor``, ``ceil``, or ``round`` (halves up).

    Raises
    ------
    TombolaError
        If q is no such number, or the rule is unknown.

    Examples
    --------
    >>> pixel_count("0.1", 224 * 224), pixel_count("0.1", 224 * 224, "ceil")
    (5017, 5018)
    """
    if count not in COUNTS:
        raise TombolaError(f"count = '{count}'{nearest(count, COUNTS)}")
    try:
        share = Decimal(str(q))
    except InvalidOperation:
        share = Decimal("NaN")
    if not (share.is_finite() and 0 < share <= 1):
        raise TombolaError(f"q = '{q}': a share above 0 and at most 1 is needed, such as 0.1")
    exact = Fraction(share) * pixels
    return {"floor": floor(exact), "ceil": ceil(exact), "round": floor(exact + Fraction(1, 2))}[count]

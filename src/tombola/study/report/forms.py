"""How numbers of a study are written: one spelling for sentences, tables and figures."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tombola.analysis.wording import DASH, MINUS, NARROW, duration, p_value, signed

Form = Callable[[Any], str]


def percent(value: float) -> str:
    r"""Return a share in percent, one decimal.

    Examples
    --------
    >>> percent(0.549697)
    '55.0\u202f%'
    """
    return DASH if missing(value) else f"{100 * value:.1f}{NARROW}%".replace("-", MINUS)


def points(value: float) -> str:
    r"""Return a difference of shares in percentage points, with its sign.

    Examples
    --------
    >>> points(-0.0048)
    '\u22120.5'
    """
    return DASH if missing(value) else signed(100 * value, 1)


def whole(value: float) -> str:
    """Return a count with thousands separators.

    Examples
    --------
    >>> whole(7500.0)
    '7,500'
    """
    return DASH if missing(value) else f"{value:,.0f}".replace("-", MINUS)


def decimals(digits: int) -> Form:
    """Return a form with so many decimals and a real minus."""

    def write(value: float) -> str:
        return DASH if missing(value) else f"{value:,.{digits}f}".replace("-", MINUS)

    return write


def exact(value: float) -> str:
    r"""Return a number with four digits, however small it is.

    Examples
    --------
    >>> exact(3.23287e-06)
    '3.233e\u221206'
    """
    return DASH if missing(value) else f"{value:.4g}".replace("-", MINUS)


def named(names: Mapping[str, str]) -> Form:
    """Return a form that writes some texts otherwise."""

    def write(value: str) -> str:
        return names.get(value, value)

    return write


def p(value: float) -> str:
    """Return a p-value as the rest of the project writes it."""
    return DASH if missing(value) else p_value(float(value))


def time(value: float) -> str:
    """Return seconds as a duration."""
    return DASH if missing(value) else duration(float(value))


def money(value: float) -> str:
    """Return an amount of US dollars, cents where it has any.

    Examples
    --------
    >>> money(0.01), money(7.25)
    ('$0.01', '$7.25')
    """
    return DASH if missing(value) else f"${value:,.2f}"


def text(value: Any) -> str:
    """Return a text as it is, a number with six digits, a dash where nothing is known."""
    if isinstance(value, str):
        return value or DASH
    if missing(value):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value)}".replace("-", MINUS)
    return f"{value:.6g}".replace("-", MINUS)


def missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN or `pandas.NA`."""
    return value is None or repr(value) == "<NA>" or (isinstance(value, float) and math.isnan(value))

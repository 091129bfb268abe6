"""Field types shared by the parts of a spec: strict about what counts as a number, lenient about its spelling.

The command line delivers text and YAML 1.1 reads ``5e-4`` as text, so numbers may arrive as strings; booleans never
count as numbers. Every value is brought to one canonical form before it is hashed: ``64`` and ``"64"`` are equal.
"""

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tombola.specs.length import Length

PLAN_TOKEN = re.compile(r"[1-9][0-9]*B?|M|A|G|P[1-9][0-9]*")
UNITS = re.compile(r"[1-9][0-9]*")


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"{value} is a truth value where a number is needed")
    return value


def _text(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _none(value: Any) -> Any:
    return None if value in ("none", "None", "null") else value


def _length(value: Any) -> str:
    return str(Length.parse(str(_number(value))))


def _interval(value: Any) -> str:
    """Like a length, but a bare number means steps: every interval of the field's literature is in steps."""
    text = str(_number(value))
    return str(Length.parse(f"{text}st" if text.isdigit() else text))


def _items(value: Any) -> Any:
    """Accept one item, a list, or text with items separated by spaces or commas where a list is needed."""
    if isinstance(value, str):
        return [item for item in re.split(r"[\s,]+", value.strip()) if item]
    return [value] if isinstance(value, int) else value


def _plan(value: Any, pattern: re.Pattern[str], meaning: str) -> tuple[str, ...]:
    items = _items(value)
    if not isinstance(items, list | tuple):
        raise ValueError(f"'{value}' is no list of plan tokens")
    tokens = [item if isinstance(item, str) else repr(item) for item in items]
    for position, (item, token) in enumerate(zip(items, tokens, strict=True), start=1):
        if isinstance(item, bool | float) or not pattern.fullmatch(token):
            raise ValueError(f"token '{token}' at position {position} is not valid; {meaning}")
    return tuple(tokens)


def _conv_plan(value: Any) -> tuple[str, ...]:
    meaning = (
        "use a number of channels (64), the same with batch normalisation (64B), M or A for 2x2 pooling, "
        "P7 for averages over a 7x7 grid, or G for the average of the whole map"
    )
    return _plan(value, PLAN_TOKEN, meaning)


def _linear_plan(value: Any) -> tuple[str, ...]:
    return _plan(value, UNITS, "use a positive number of units (300)")


def _density(value: Any) -> float:
    """Accept a fraction, or a power of ten spelt ``10^-1.7``: the field's way to write compressions."""
    text = str(_number(value)).strip()
    base, power, exponent = text.partition("^")
    try:
        density = float(base) ** float(exponent) if power else float(text)
    except (ValueError, OverflowError, ZeroDivisionError):
        density = float("nan")
    if not 0 < density < 1:
        raise ValueError(f"density '{text}' is not a fraction between 0 and 1 (0.05), nor a power of ten (10^-1.3)")
    return density


def _densities(value: Any) -> Any:
    items = [value] if isinstance(value, float) else _items(value)
    return tuple(_density(item) for item in items) if isinstance(items, list | tuple) else items


def _rates(value: Any) -> Any:
    """Accept numbers above 1 in any order, each once; they become levels in rising order."""
    items = [value] if isinstance(value, float) else _items(value)
    if not isinstance(items, list | tuple):
        return items
    rates = [_rate(item) for item in items]
    twice = next((rate for rate in rates if rates.count(rate) > 1), None)
    if twice is not None:
        raise ValueError(f"compression rate {twice:g} is given twice; each level has a rate of its own")
    return tuple(sorted(rates))


def _rate(item: Any) -> float:
    try:
        rate = float("nan") if isinstance(item, bool) else float(item)
    except (TypeError, ValueError):
        rate = float("nan")
    if not 1 < rate < float("inf"):
        raise ValueError(f"compression rate '{item}' is not a number above 1 (4 leaves a quarter of the weights)")
    return rate


def exact(rate: float) -> Fraction:
    """Return a rate as the fraction its decimal literal names, so that counts are exact.

    Examples
    --------
    >>> exact(0.2) * 235200
    Fraction(47040, 1)
    """
    return Fraction(repr(float(rate)))


Count = Annotated[int, BeforeValidator(_number), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Seed = Annotated[int, BeforeValidator(_number), Field(ge=0)]
Real = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
PositiveReal = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, BeforeValidator(_number), Field(ge=0, lt=1, allow_inf_nan=False)]
Duration = Annotated[str, BeforeValidator(_length)]
Interval = Annotated[str, BeforeValidator(_interval), AfterValidator(lambda v: v)]
ConvPlan = Annotated[tuple[str, ...], BeforeValidator(_conv_plan)]
LinearPlan = Annotated[tuple[str, ...], BeforeValidator(_linear_plan)]
Densities = Annotated[tuple[float, ...], BeforeValidator(_densities)]
"""Fractions of weights that remain, level after level."""
Rates = Annotated[tuple[float, ...], BeforeValidator(_rates)]
"""Compression rates, level after level: 1 / density."""
Levels = Annotated[tuple[Positive, ...], BeforeValidator(_items)]
Names = Annotated[tuple[str, ...], BeforeValidator(_items)]
Choice = BeforeValidator(_text)
"""Marks a field with named choices: upper case and spaces around do not matter."""
Maybe = BeforeValidator(_none)
"""Marks a field that may be empty: the text ``none`` means so on the command line."""

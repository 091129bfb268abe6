"""Numbers as readers want them: percentages, points, intervals, lists. One spelling for sentences and tables."""

import math
from collections.abc import Callable, Sequence

from tombola.analysis.intervals import Interval

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


def percent(fraction: float) -> str:
    r"""Return a fraction as a percentage with two decimals.

    Examples
    --------
    >>> percent(0.10834)
    '10.83\u202f%'
    """
    return DASH if math.isnan(fraction) else f"{100 * fraction:.2f}{NARROW}%"


def signed(value: float, decimals: int = 2) -> str:
    """Return a number with its sign and a real minus; what rounds to zero has none."""
    if math.isnan(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    zero = float(text.replace(",", "")) == 0
    return text if zero else f"{'+' if value > 0 else MINUS}{text}"


def points(difference: float) -> str:
    r"""Return a difference of fractions in percentage points, with sign and two decimals.

    Examples
    --------
    >>> points(-0.0123)
    '\u22121.23'
    """
    return signed(100 * difference)


def difference(interval: Interval) -> str:
    """Return a difference in points with its interval and n, for use in a sentence."""
    name = f"95{NARROW}% interval " if interval.known and not interval.equal else ""
    return f"{points(interval.mean)} points, {name}{span(interval, points)}"


def span(interval: Interval, write: Callable[[float], str]) -> str:
    """Return an interval with its n: both ends, or why there are none.

    Examples
    --------
    >>> span(Interval(0.5, 0.25, 0.75, 3), str), span(Interval(0.5, math.nan, math.nan, 1), str)
    ('0.25 to 0.75, n = 3', 'n = 1')
    """
    if not interval.known:
        return f"n = {interval.n}"
    ends = "equal in all" if interval.equal else f"{write(interval.low)} to {write(interval.high)}"
    return f"{ends}, n = {interval.n}"


def place(density: float, level: int) -> str:
    """Return a level as a sentence names it: by density first."""
    return f"{percent(density)} density (level {level})"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where needed.

    Examples
    --------
    >>> count(1, "job"), count(1200, "job")
    ('1 job', '1,200 jobs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listing(items: Sequence[str]) -> str:
    """Return items joined by commas and a final "and"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def level_names(levels: Sequence[int]) -> str:
    """Return levels in words, three and more in a row as a range.

    Examples
    --------
    >>> level_names([2]), level_names([1, 2, 3, 5])
    ('level 2', 'levels 1 to 3 and 5')
    """
    parts, rest = [], list(levels)
    while rest:
        end = 1
        while end < len(rest) and rest[end] == rest[0] + end:
            end += 1
        end = end if end > 2 else 1
        parts.append(str(rest[0]) if end == 1 else f"{rest[0]} to {rest[end - 1]}")
        rest = rest[end:]
    return f"{'level' if len(levels) == 1 else 'levels'} {listing(parts)}"


def p_value(p: float) -> str:
    """Return a p-value with two leading digits at most, a dash where there is no test.

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0123), p_value(0.256), p_value(math.nan)
    ('< 0.001', '0.012', '0.26', '–')
    """
    if math.isnan(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"


def duration(seconds: float) -> str:
    """Return a duration, rounded once so that no unit ever shows sixty.

    Examples
    --------
    >>> duration(59.6), duration(138.4), duration(7325)
    ('1:00 min', '2:18 min', '2:02 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,}:{minutes % 60:02d} h"


def table_cell(value: object) -> str:
    """Return a value of a table of an analysis: four digits of a number, a dash where there is none.

    Examples
    --------
    >>> table_cell(0.123456), table_cell(float("nan")), table_cell("all")
    ('0.1235', '-', 'all')
    """
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.4g}"
    return str(value)

"""Times, money and truth as MTurk writes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Final

from tombola.errors import TombolaError

ZONES: Final[Mapping[str, timezone]] = {
    "PDT": timezone(timedelta(hours=-7)),
    "PST": timezone(timedelta(hours=-8)),
}
"""Zones that MTurk writes. Abbreviations are ambiguous world-wide, so others are not guessed."""
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_time(text: str) -> str:
    """Return a time of MTurk, ``Mon Jun 14 06:05:05 PDT 2021``, as ISO 8601 with its offset, whatever the locale.

    Raises
    ------
    TombolaError
        If the zone is neither PDT nor PST, or the text is no such time.

    Examples
    --------
    >>> parse_time("Mon Jun 14 06:05:05 PDT 2021")
    '2021-06-14T06:05:05-07:00'
    """
    parts = text.split()
    if len(parts) != 6 or parts[1] not in MONTHS:
        raise TombolaError(f"'{text}' is no time like 'Mon Jun 14 06:05:05 PDT 2021'")
    _, month, day, clock, zone, year = parts
    if zone not in ZONES:
        raise TombolaError(f"'{text}': unknown time zone '{zone}'; known are {', '.join(ZONES)}")
    try:
        hours, minutes, seconds = map(int, clock.split(":"))
        moment = datetime(int(year), MONTHS.index(month) + 1, int(day), hours, minutes, seconds, tzinfo=ZONES[zone])
    except ValueError as error:
        raise TombolaError(f"'{text}' is no time like 'Mon Jun 14 06:05:05 PDT 2021': {error}") from None
    return moment.isoformat()


def parse_money(text: str) -> float:
    """Return dollars, from ``$0.01``.

    Raises
    ------
    TombolaError
        If it is no such amount.
    """
    try:
        if text.startswith("$"):
            return float(Decimal(text[1:].replace(",", "")))
    except InvalidOperation:
        pass
    raise TombolaError(f"'{text}' is no amount like '$0.01'")


def is_true(text: str | None) -> bool:
    """Return the truth of an answer column; an empty one is false.

    Raises
    ------
    TombolaError
        If it is neither ``true`` nor ``false``, in lower case or with a capital.
    """
    if text is None or text in ("false", "False"):
        return False
    if text in ("true", "True"):
        return True
    raise TombolaError(f"'{text}' is neither true nor false")

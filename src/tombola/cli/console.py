"""Where text goes: results to standard output, everything else to standard error."""

import sys

from rich.console import Console

PLAIN_WIDTH = 120


def messages() -> Console:
    """Return the console for progress and notes."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)


def results() -> Console:
    """Return the console for what a command was asked for."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def duration(seconds: float) -> str:
    """Return a duration for people, rounded once so that no unit ever shows sixty.

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
    return f"{minutes // 60}:{minutes % 60:02d} h"


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"

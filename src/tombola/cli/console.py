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


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"

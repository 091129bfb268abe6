"""``tombola bench``: how fast training is here, and whether a ticket is faster or smaller."""

import importlib
import sys
from collections.abc import Callable

from tombola.cli.parse import HELP
from tombola.errors import TombolaError, nearest

ACTIONS = {
    "train": "ms per step and network of every engine, against density",
    "ticket": "file size and inference time of one ticket, in every form it can take",
}
"""Action → what it measures; its module is ``bench_<action>``."""


def main(args: list[str]) -> int:
    """Find the benchmark and run it."""
    if not args or args[0] in HELP:
        print(usage())
        sys.exit(0 if args else 2)
    if args[0] not in ACTIONS:
        raise TombolaError(f"unknown benchmark '{args[0]}'{nearest(args[0], ACTIONS)}")
    action: Callable[[list[str]], int] = importlib.import_module(f"tombola.cli.bench_{args[0]}").main
    return action(args[1:])


def usage() -> str:
    """Return the help text."""
    lines = [f"  {name:<8} {text}" for name, text in ACTIONS.items()]
    return "\n".join(
        ["usage: tombola bench ACTION ...", "", *lines, "", "`tombola bench ACTION --help` explains each."]
    )

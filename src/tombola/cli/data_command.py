"""``tombola data``: image sets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

ACTIONS = ("list", "info", "pull")


@dataclass
class Options:
    """Arguments of ``tombola data``."""

    action: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="list, info or pull", metavar="list|info|pull")] = "list"
    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(help="the image set", metavar="NAME")] = None
    root: Annotated[Path | None, tyro.conf.arg(help="folder holding image sets", metavar="DIR", aliases=["--data.root"])] = None


def main(args: list[str]) -> int:
    """List image sets, describe one, or fetch one from its official address."""
    options = parse(Options, args, "tombola data", "Image sets: list them, describe one, or fetch one.")
    if options.action not in ACTIONS:
        raise TombolaError(f"unknown action '{options.action}'{nearest(options.action, ACTIONS)}")
    if options.action == "list":
        return show_list(options.root)
    if options.name is None:
        raise TombolaError(f"tombola data {options.action} needs the NAME of an image set; `tombola data list` has them")
    return show_info(options.name, options.root) if options.action == "info" else pull_set(options.name, options.root)

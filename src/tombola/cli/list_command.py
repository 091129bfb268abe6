"""``tombola list``: the runs under a folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from tombola.cli.parse import parse

if TYPE_CHECKING:
    from tombola.store.listing import Entry


@dataclass
class Options:
    """Arguments of ``tombola list``."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="where to look", metavar="FOLDER")] = Path("runs")
    name: Annotated[str | None, tyro.conf.arg(help="runs of this name; * and ? are wild", metavar="NAME")] = None
    preset: Annotated[
        str | None, tyro.conf.arg(help="runs with the data and network of this preset", metavar="PRESET")
    ] = None
    data: Annotated[str | None, tyro.conf.arg(help="runs on this image set; * and ? are wild", metavar="SET")] = None
    network: Annotated[
        str | None, tyro.conf.arg(help="runs of this network as listed (300-100); * and ? are wild", metavar="NET")
    ] = None
    status: Annotated[
        Literal["complete", "partial", "failed", "damaged"] | None,
        tyro.conf.arg(help="runs in this state", metavar="complete|partial|failed|damaged"),
    ] = None
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="as JSON")] = False


def main(args: list[str]) -> int:
    """List runs, one line each."""
    options = parse(Options, args, "tombola list", "List all runs under a folder.")
    from tombola.cli.console import results
    from tombola.cli.list_view import as_data, table
    from tombola.specs import resolve
    from tombola.store.finding import run_folders
    from tombola.store.listing import describe

    wanted = resolve(options.preset) if options.preset else None
    entries = [describe(path) for path in run_folders(options.folder)]
    shown = [entry for entry in entries if _fits(entry, options)]
    if wanted:
        of_preset = (wanted.data.name, wanted.network)
        shown = [e for e in shown if e.spec and (e.spec.data.name, e.spec.network) == of_preset]
    if options.json:
        print(json.dumps([as_data(entry) for entry in shown], indent=2))
        return 0
    console = results()
    if shown:
        console.print(table(shown, options.folder))
    for entry in shown:
        if entry.status == "damaged":
            console.print(f"[red]damaged: {entry.path}: {entry.fault}[/red]", soft_wrap=True)
    if not shown:
        console.print(f"{options.folder} holds {'no run that fits' if entries else 'no run'}")
    return 0


def _fits(entry: "Entry", options: Options) -> bool:
    from fnmatch import fnmatchcase

    pairs = ((options.name, entry.name), (options.data, entry.data), (options.network, entry.network))
    if options.status and entry.status != options.status:
        return False
    return all(pattern is None or fnmatchcase(text.lower(), pattern.lower()) for pattern, text in pairs)

"""``tombola gc``: free the disk that finished runs take, by a keep policy."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.store import Run


@dataclass
class Options:
    """Arguments of ``tombola gc``."""

    runs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(help="run folders", metavar="RUN [RUN ...]")
    ] = ()
    keep: Annotated[
        Literal["early-stop", "masks"] | None,
        tyro.conf.arg(
            help="what stays: early-stop (no trained states) or masks (no states but dense initial ones) [store.keep]",
            metavar="early-stop|masks",
        ),
    ] = None
    dry_run: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="list what would be freed, and free nothing")
    ] = False


def main(args: list[str]) -> int:
    """Say what a policy frees in each run, and free it."""
    options = parse(Options, args, "tombola gc", "Free the states of finished jobs that a keep policy does without.")
    if not options.runs:
        raise TombolaError("gc needs the RUN folders to free; `tombola list` names them")
    from tombola.store import open_run

    for path in options.runs:  # mistakes first: nothing is freed if one of several cannot be
        _policy(open_run(path), options.keep)
    for path in options.runs:
        _collect(path, options.keep, dry_run=options.dry_run)
    return 0


def _policy(run: "Run", keep: Literal["early-stop", "masks"] | None) -> Literal["early-stop", "masks"]:
    policy = keep or run.spec.store.keep
    if policy == "all":
        raise TombolaError(
            f"{run.path} has store.keep = 'all'; give --keep early-stop or --keep masks to free something"
        )
    return policy


def _collect(path: Path, keep: Literal["early-stop", "masks"] | None, *, dry_run: bool) -> None:
    from tombola.cli.console import results, size
    from tombola.cli.gc_view import announcement, listing, staying
    from tombola.experiments.log import RunLog
    from tombola.experiments.needed import still_needed
    from tombola.store import RunFolder, open_run
    from tombola.store.collect import collect, pieces

    console, folder = results(), RunFolder(path)
    with contextlib.nullcontext() if dry_run else folder.writing():
        run = open_run(path)  # read under the lock: what is needed may have changed while we waited
        policy, protection = _policy(run, keep), still_needed(run)
        freed = pieces(run, policy, protection)
        console.print(f"[bold]{path.name}[/bold]: {announcement(freed, policy, dry_run=dry_run)}")
        for line in staying(run, protection, imported=folder.imported) if freed else ():
            console.print(f"  {line}")
        if dry_run:
            for line in listing(freed):
                console.print(f"  {line}")
        elif freed:
            total = collect(folder, freed)
            RunLog(folder.log_file).line(f"gc: keep {policy}, freed {size(total)}")
            console.print(f"  freed {size(total)}")

"""``tombola resume``: continue the run in a folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse
from tombola.cli.run_command import worker_number
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.store import Run


@dataclass
class Options:
    """Arguments of ``tombola resume``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    workers: Annotated[str, tyro.conf.arg(help="jobs at a time", metavar="N|auto")] = "auto"
    retry_failed: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="forget failed jobs and try them again")
    ] = False
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins the run names")] = (
        False
    )
    quiet: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="no progress")] = False


def main(args: list[str]) -> int:
    """Continue a run where it stopped."""
    options = parse(Options, args, "tombola resume", "Continue an interrupted run. Finished jobs are not repeated.")
    from tombola.cli.running import run_and_tell
    from tombola.experiments.imported import refuse_imported
    from tombola.experiments.retry import forget_failed
    from tombola.store import open_run

    run = open_run(options.run)
    refuse_imported(run.folder, run.spec)
    check_trust(run, trust=options.trust)
    if options.retry_failed:
        forget_failed(run)
    path = options.run.resolve()
    return run_and_tell(
        run.spec.with_(name=named(path)), path.parent, worker_number(options.workers), quiet=options.quiet
    )


def check_trust(run: "Run", *, trust: bool) -> None:
    """Refuse to train a run whose plug-ins would be imported unasked."""
    if run.spec.modules and not trust:
        raise TombolaError(f"{run.path} names plug-ins ({', '.join(run.spec.modules)}); give --trust to import them")


def named(path: Path) -> str:
    """Return the name part of a run folder's name, which a user may have changed."""
    name, _, key = path.name.rpartition("-")
    if not name or len(key) != 12:
        raise TombolaError(
            f"{path.name} is not named <name>-<key> as run folders are; give the folder its old name back"
        )
    return name

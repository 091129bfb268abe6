"""``tombola control``: add controls to a run that is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.parse import parse
from tombola.cli.resume_command import check_trust, named
from tombola.cli.run_command import worker_number
from tombola.errors import TombolaError

NAMES = (
    *("dense-budget", "dense-short", "invert-layerwise", "magnitude-at-init", "magnitude-at-init-fresh"),
    *("other-order", "other-ticket", "random", "random-pruning"),
    *("reinit", "reinit-constant", "reinit-constant-keep-signs", "reinit-kaiming", "reinit-keep-signs"),
    *("shuffle-degrees", "shuffle-global", "shuffle-layerwise", "shuffle-signs"),
    *("weights-shuffled", "weights-shuffled-keep-signs"),
)
"""What ships, for a help text that loads nothing heavy."""

ABOUT = (
    "Train the pruned levels of a run again with one thing changed, on the same data in the same order. "
    f"What is there stays as it is. Controls: {', '.join(NAMES)}; --list explains them."
)


@dataclass
class Options:
    """Arguments of ``tombola control``."""

    run: Annotated[
        Path | None, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN", help_behavior_hint="")
    ] = None
    controls: Annotated[
        tuple[str, ...],
        tyro.conf.Positional,
        tyro.conf.arg(
            help="controls to add, each with how many repetitions there shall be",
            metavar="NAME[:R]",
            help_behavior_hint="",
        ),
    ] = ()
    repetitions: Annotated[
        str | None, tyro.conf.arg(help="repetitions of those named without [1]", metavar="R", help_behavior_hint="")
    ] = None
    workers: Annotated[str, tyro.conf.arg(help="jobs at a time", metavar="N|auto")] = "auto"
    listing: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(name="list", help="say what the controls change, and stop")
    ] = False
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins the run names")] = (
        False
    )
    quiet: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="no progress")] = False


def main(args: list[str]) -> int:
    """Add controls to a run and train them; the last line of standard output is the run folder."""
    options = parse(Options, args, "tombola control", ABOUT)
    if options.listing:
        return show_list()
    if options.run is None or not options.controls:
        raise TombolaError("tombola control needs a RUN and the NAME of a control; `tombola control --list` has them")
    asked = counted(options.controls, options.repetitions)
    workers = worker_number(options.workers)
    from tombola.cli.console import messages
    from tombola.cli.running import run_and_tell
    from tombola.experiments.plan import make_plan
    from tombola.specs.resolve import validate
    from tombola.store import open_run
    from tombola.store.folder import TICKET

    run = open_run(options.run)
    check_trust(run, trust=options.trust)
    path = options.run.resolve()
    spec = validate(run.spec.resolved() | {"controls": asked, "name": named(path)})
    plan = make_plan(spec, path.parent)
    if all(job.control == TICKET for job in plan.jobs):
        raise TombolaError(f"{options.run} has no pruned level (prune.levels = 0), and controls retrain those")
    if plan.folder.path != path:
        raise TombolaError(
            f"{options.run} was made with other data or plug-ins than are here now, so nothing can be added to it; "
            "bring them back, or start a new run"
        )
    left = sum(job.control == TICKET for job in plan.jobs.keys() - plan.finished().keys())
    if left and not options.quiet:
        messages().print(f"{left} tickets of this run are still to do; they are trained too")
    return run_and_tell(spec, path.parent, workers, quiet=options.quiet)


def counted(names: tuple[str, ...], repetitions: str | None) -> list[str]:
    """Return every control as ``name:repetitions``, or as it was given where nothing is said of repetitions."""
    if repetitions is None:
        return list(names)
    if not repetitions.isdigit() or int(repetitions) < 1:
        raise TombolaError(f"--repetitions {repetitions}: give a positive number")
    for name in names:
        if ":" in name:
            raise TombolaError(f"'{name}' and --repetitions {repetitions} both say how often; give one of them")
    return [f"{name}:{repetitions}" for name in names]


def show_list() -> int:
    """Print every control with what it changes."""
    from tombola.experiments import controls

    width = max(map(len, controls))
    for name in controls:
        print(f"{name:<{width}}  {controls[name].summary}")
    return 0

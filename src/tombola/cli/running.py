"""Running with progress, and the summary at the end: shared by ``run`` and ``resume``."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tombola.analysis.wording import duration
from tombola.cli.console import messages
from tombola.cli.progress import watching
from tombola.cli.verbose import telling
from tombola.experiments import Outcome, run
from tombola.experiments.events import Event, Listener
from tombola.specs import ExperimentSpec

if TYPE_CHECKING:
    from tombola.experiments.sinks import Tracker


def run_and_tell(
    spec: ExperimentSpec,
    out: Path,
    workers: int | None,
    *,
    quiet: bool,
    track: Iterable[str] = (),
    verbosity: int = 0,
) -> int:
    """Run, show progress, feed trackers, summarise; the last line of standard output is the run folder."""
    console = messages()
    trackers = _trackers(track, console)
    try:
        with watching(console, quiet=quiet) as listener:
            listeners: list[Listener] = [listener, *telling(console, spec, verbosity), *trackers]

            def tell(event: Event) -> None:
                for each in listeners:
                    each(event)

            outcome = run(spec, out, workers=workers, listener=tell)
            for tracker in trackers:
                tracker.finish(outcome.path)
    except KeyboardInterrupt:
        console.print("stopped; finished jobs are kept. The same command, or `tombola resume RUN`, continues.")
        raise
    if not quiet:
        for line in summary(outcome):
            console.print(line)
    print(outcome.path)
    sys.stdout.flush()
    return 0 if outcome.complete else 1


def _trackers(names: Iterable[str], console: Console) -> "list[Tracker]":
    if not names:
        return []
    from tombola.experiments.sinks import make_trackers

    return make_trackers(names, lambda sentence: console.print(f"warning: {sentence}", markup=False, soft_wrap=True))


def summary(outcome: Outcome) -> list[str]:
    """Return the closing lines of a run."""
    done = outcome.total - len(outcome.failed) - len(outcome.lost) - outcome.blocked
    took = [f"{outcome.trained} trained"] if outcome.trained else []
    took += [f"{outcome.adopted} taken over from other runs"] if outcome.adopted else []
    now = f"in this call {', '.join(took)}, {duration(outcome.seconds)}" if took else "nothing to do"
    lines = [f"{done} of {outcome.total} jobs done; {now}"]
    lines += [f"[red]failed: {info.reason}[/red]" for info in outcome.failed]
    lines += [f"[red]lost: {event.job}: {event.reason.splitlines()[-1]}[/red]" for event in outcome.lost]
    if outcome.blocked:
        lines.append(f"[red]{outcome.blocked} jobs cannot run because a job they need failed or was lost[/red]")
    if outcome.lost:
        lines.append("the run's log.txt has the details; `tombola resume` tries lost jobs again")
    lines.append(f"next: tombola report {outcome.path}")
    return lines

"""Running with progress, and the summary at the end: shared by ``run`` and ``resume``."""

import sys
from pathlib import Path

from tombola.analysis.wording import duration
from tombola.cli.console import messages
from tombola.cli.progress import watching
from tombola.experiments import Outcome, run
from tombola.specs import ExperimentSpec


def run_and_tell(spec: ExperimentSpec, out: Path, workers: int | None, *, quiet: bool) -> int:
    """Run, show progress, summarise; the last line of standard output is the run folder."""
    console = messages()
    try:
        with watching(console, quiet=quiet) as listener:
            outcome = run(spec, out, workers=workers, listener=listener)
    except KeyboardInterrupt:
        console.print("stopped; finished jobs are kept. The same command, or `tombola resume RUN`, continues.")
        raise
    if not quiet:
        for line in summary(outcome):
            console.print(line)
    print(outcome.path)
    sys.stdout.flush()
    return 0 if outcome.complete else 1


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

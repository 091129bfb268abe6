"""What a run does not have: jobs that failed and jobs that are not there, each with the reason."""

from dataclasses import dataclass
from typing import Literal

from tombola.store import JobId, Run
from tombola.store.folder import TICKET


@dataclass(frozen=True)
class Gap:
    """One job without a result."""

    job: JobId
    status: Literal["failed", "absent"]
    reason: str


def gaps(run: Run) -> list[Gap]:
    """Return every planned job that failed or is absent, in the order of the plan.

    An absent job either was not reached yet, or cannot run because a job it starts from failed; the reason says which.
    """
    found = []
    for job in run.planned():
        info = run.jobs.get(job)
        if info is None:
            found.append(Gap(job, "absent", _why_absent(job, run)))
        elif info.status != "done":
            found.append(Gap(job, "failed", info.reason or "no reason was recorded"))
    return found


def _why_absent(job: JobId, run: Run) -> str:
    for needed in _needs(job, run):
        info = run.jobs.get(needed)
        if info is not None and info.status == "failed":
            return f"needs {needed}, which failed"
    return "not run yet"


def _needs(job: JobId, run: Run) -> list[JobId]:
    """Return the tickets a job starts from, directly or not, as far as the procedure is known."""
    levels = range(job.level) if run.spec.prune.procedure == "iterative" else range(min(job.level, 1))
    own = [JobId(job.replicate, job.level)] if job.control != TICKET else []
    return own + [JobId(job.replicate, level) for level in levels]

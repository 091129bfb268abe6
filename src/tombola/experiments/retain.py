"""What finished jobs may drop (``store.keep``): trained states that no further level needs."""

from collections.abc import Mapping

from tombola.experiments.graph import Job
from tombola.experiments.procedures import procedures
from tombola.specs import ExperimentSpec
from tombola.store import JobId, RunFolder
from tombola.store.files import told_clearly
from tombola.store.folder import TICKET
from tombola.store.jobs import TRAINED


def drop_trained(spec: ExperimentSpec, folder: RunFolder, jobs: Mapping[JobId, Job], finished: JobId) -> None:
    """Remove the trained states that a just finished ticket was the last to need: its parent's, or its own.

    The one that a further level would be made from stays (iterative: the last level's, one-shot: the dense one), so
    that the run can grow.
    """
    if spec.store.keep == "all" or finished.control != TICKET:
        return
    for job in (jobs[finished].parent, finished):
        if job is None or grows_from(spec, job):
            continue
        if all(folder.job(child).exists() for child in made_from(job, jobs)):
            with told_clearly(folder.job(job)):
                (folder.job(job) / TRAINED).unlink(missing_ok=True)


def needs_trained(spec: ExperimentSpec, jobs: Mapping[JobId, Job], job: JobId) -> bool:
    """Return whether a ticket's trained state has to be there: all are kept, or another ticket starts from it."""
    starts_others = grows_from(spec, job) or bool(made_from(job, jobs))
    return job.control == TICKET and (spec.store.keep == "all" or starts_others)


def grows_from(spec: ExperimentSpec, job: JobId) -> bool:
    """Return whether one more level would be made from a ticket."""
    return procedures[spec.prune.procedure].parent(spec.prune.levels + 1) == job.level


def made_from(job: JobId, jobs: Mapping[JobId, Job]) -> list[JobId]:
    """Return the tickets that are made from a job."""
    return [other.id for other in jobs.values() if other.parent == job and other.id.control == TICKET]

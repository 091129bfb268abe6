"""What finished jobs may drop (``store.keep``): trained states that no further level needs."""

from collections.abc import Mapping

from tombola.errors import TombolaError
from tombola.experiments.controls import controls
from tombola.experiments.graph import Job
from tombola.experiments.procedures import procedures
from tombola.specs import ExperimentSpec
from tombola.store import JobId, RunFolder
from tombola.store.files import told_clearly
from tombola.store.folder import TICKET
from tombola.store.jobs import TRAINED, read_info


def drop_trained(spec: ExperimentSpec, folder: RunFolder, jobs: Mapping[JobId, Job], finished: JobId) -> None:
    """Remove the trained states that a just finished job was the last to need: the one it went on from, or its own.

    The one that a further level would be made from stays (iterative: the last level's, one-shot: the dense one), so
    that the run can grow. Other controls than those of chains keep none in the first place.
    """
    if spec.store.keep == "all" or not (finished.control == TICKET or controls[finished.control].chains):
        return
    for job in (jobs[finished].start, finished):
        if job is None or grows_from(spec, job):
            continue
        if all(folder.job(child).exists() for child in made_from(job, jobs)):
            with told_clearly(folder.job(job)):
                (folder.job(job) / TRAINED).unlink(missing_ok=True)


def needs_trained(spec: ExperimentSpec, jobs: Mapping[JobId, Job], job: JobId) -> bool:
    """Return whether a job's trained state has to be there: all tickets' are kept, or another job starts from it."""
    kept = spec.store.keep == "all" and job.control == TICKET
    return kept or grows_from(spec, job) or bool(made_from(job, jobs))


def refuse_dropped(folder: RunFolder, jobs: Mapping[JobId, Job]) -> None:
    """Refuse controls that were added to a run after it dropped the trained states they go on from.

    Raises
    ------
    TombolaError
        Naming the first one.
    """
    for job in jobs.values():
        start = job.start
        if job.id.control == TICKET or start is None or folder.job(job.id).exists() or not folder.job(start).exists():
            continue
        if read_info(folder.job(start)).status == "done" and not (folder.job(start) / TRAINED).exists():
            raise TombolaError(
                f"controls: '{job.id.control}' goes on from the trained state of replicate {start.replicate}, level "
                f"{start.level}, which {folder.path} has not kept; start a run that has the control from the beginning "
                "(or store.keep all, to add it later)"
            )


def grows_from(spec: ExperimentSpec, job: JobId) -> bool:
    """Return whether one more level would be made from a job."""
    if job.control != TICKET:
        return controls[job.control].chains and job.level == spec.prune.levels
    return procedures[spec.prune.procedure].parent(spec.prune.levels + 1) == job.level


def made_from(job: JobId, jobs: Mapping[JobId, Job]) -> list[JobId]:
    """Return the jobs that start from a job's trained state."""
    return [other.id for other in jobs.values() if other.start == job]

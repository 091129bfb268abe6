"""What finished jobs may drop (``store.keep``): trained states that no further level needs."""

from collections.abc import Mapping

from tombola.experiments.graph import Job
from tombola.specs import ExperimentSpec
from tombola.store import JobId, RunFolder
from tombola.store.files import told_clearly
from tombola.store.folder import TICKET
from tombola.store.jobs import TRAINED


def drop_trained(spec: ExperimentSpec, folder: RunFolder, jobs: Mapping[JobId, Job], finished: JobId) -> None:
    """Remove the trained state of the level that a just finished job was the last to need.

    The last level of each replicate keeps its trained state, so that the run can grow by further levels.
    """
    if spec.store.keep == "all" or finished.control != TICKET:
        return
    parent = jobs[finished].parent
    if parent is None:
        return
    others = [job for job in jobs.values() if job.parent == parent and job.id.control == TICKET]
    if all(folder.job(job.id).exists() for job in others):
        with told_clearly(folder.job(parent)):
            (folder.job(parent) / TRAINED).unlink(missing_ok=True)

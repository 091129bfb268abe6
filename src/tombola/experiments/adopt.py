"""Finished jobs of other runs in the same folder: equal keys mean equal bits, so they are taken over, not repeated."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tombola.errors import TombolaError
from tombola.experiments.graph import Job
from tombola.experiments.result import versions
from tombola.experiments.retain import needs_trained
from tombola.specs import ExperimentSpec
from tombola.store import JobId, RunFolder
from tombola.store.files import publishing, told_clearly
from tombola.store.jobs import EARLY_STOP, INFO, TRAINED, read_info


def adopt(spec: ExperimentSpec, jobs: Mapping[JobId, Job], folder: RunFolder) -> list[JobId]:
    """Copy finished jobs of sibling runs that have the same key and were trained by the same versions.

    So experiments that prune differently train their dense level once.

    Returns
    -------
    list of JobId
        The jobs taken over.
    """
    siblings = [path for path in sorted(folder.path.parent.glob("*/jobs")) if path != folder.jobs]
    taken = []
    for job in jobs.values():
        target = folder.job(job.id)
        if target.exists():
            continue
        for sibling in siblings:
            source = sibling / job.id.path
            if not (source / INFO).is_file():
                continue
            try:
                info = read_info(source)
            except TombolaError:
                continue  # somebody else's damaged job is no reason to stop: it is trained here instead
            usable = info.key == job.key and info.versions == versions() and info.status == "done"
            if usable and _kept_enough(spec, jobs, job.id, source):
                with publishing(target, folder.workshop) as aside, told_clearly(target):
                    shutil.copytree(source, aside, dirs_exist_ok=True)
                taken.append(job.id)
                break
    return taken


def _kept_enough(spec: ExperimentSpec, jobs: Mapping[JobId, Job], job: JobId, source: Path) -> bool:
    """Return whether a sibling's job has the states that this experiment keeps or goes on from.

    Early-stop states and initial ones are kept by the same policies, so the first stand for both.
    """
    if spec.store.keep != "masks" and not (source / EARLY_STOP).is_file():
        return False
    return (source / TRAINED).is_file() or not needs_trained(spec, jobs, job)

"""Finished jobs of other runs in the same folder: equal keys mean equal bits, so they are taken over, not repeated."""

import shutil
from collections.abc import Iterable

from tombola.errors import TombolaError
from tombola.experiments.execute import versions
from tombola.experiments.graph import Job
from tombola.store import JobId, RunFolder
from tombola.store.files import publishing, told_clearly
from tombola.store.folder import TICKET
from tombola.store.jobs import INFO, TRAINED, read_info


def adopt(jobs: Iterable[Job], folder: RunFolder) -> list[JobId]:
    """Copy finished jobs of sibling runs that have the same key and were trained by the same versions.

    So experiments that prune differently train their dense level once.

    Returns
    -------
    list of JobId
        The jobs taken over.
    """
    siblings = [path for path in sorted(folder.path.parent.glob("*/jobs")) if path != folder.jobs]
    taken = []
    for job in jobs:
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
            if usable and (job.id.control != TICKET or (source / TRAINED).is_file()):
                with publishing(target, folder.workshop) as aside, told_clearly(target):
                    shutil.copytree(source, aside, dirs_exist_ok=True)
                taken.append(job.id)
                break
    return taken

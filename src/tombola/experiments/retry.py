"""Trying failed jobs again: forget them, and all that rests on them, so that the next run trains them."""

import shutil

from tombola.store import Run
from tombola.store.files import told_clearly


def forget_failed(run: Run) -> int:
    """Remove the folders of failed jobs and return how many there were.

    Raises
    ------
    TombolaError
        If another process is writing the run.
    """
    failed = [job for job, info in run.jobs.items() if info.status == "failed"]
    if failed:
        with run.folder.writing():
            for job in failed:
                with told_clearly(run.folder.job(job)):
                    shutil.rmtree(run.folder.job(job))
    return len(failed)

"""Jobs one after the other in this process: for scripts, notebooks, debuggers and small runs."""

import traceback
from functools import cached_property

from tombola.errors import TombolaError
from tombola.experiments.events import JobFinished, JobLost, JobProgress, JobStarted, Listener
from tombola.experiments.execute import Bench, execute
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.graph import Job
from tombola.training import Progress


class SerialExecutor:
    """One worker: this process."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._job: Job | None = None

    @cached_property
    def _bench(self) -> Bench:
        return self._setup.bench()

    @property
    def free(self) -> int:
        """One while no job is waiting."""
        return 0 if self._job else 1

    def submit(self, job: Job) -> None:
        """Keep the job for the next `wait`."""
        self._job = job

    def wait(self, listener: Listener) -> list[JobFinished | JobLost]:
        """Run the submitted job."""
        job, self._job = self._job, None
        if job is None:
            return []
        job_id = job.id
        listener(JobStarted(job_id))

        def on_record(progress: Progress) -> None:
            listener(JobProgress(job_id, progress))

        try:
            return [JobFinished(job_id, execute(job, self._bench, on_record))]
        except TombolaError:
            raise
        except Exception:
            return [JobLost(job_id, traceback.format_exc().strip())]

    def close(self) -> None:
        """Nothing to stop."""

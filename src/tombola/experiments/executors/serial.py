"""Jobs one after the other in this process: for scripts, notebooks, debuggers and small runs."""

import traceback
from functools import cached_property

from tombola.errors import TombolaError
from tombola.experiments.events import JobFinished, JobLost, Listener
from tombola.experiments.execute import Bench, execute
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.graph import Job


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
        try:
            return [JobFinished(job.id, execute(job, self._bench, listener))]
        except TombolaError:
            raise
        except Exception:
            return [JobLost(job.id, traceback.format_exc().strip())]

    def close(self) -> None:
        """Nothing to stop."""

"""Jobs in this process, one bundle after the other: for scripts, notebooks, debuggers and small runs."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from tombola.experiments.bench import Bench
from tombola.experiments.events import Ended, Listener
from tombola.experiments.execute import execute
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.graph import Job


class SerialExecutor:
    """One worker: this process."""

    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._jobs: Sequence[Job] = ()

    @cached_property
    def _bench(self) -> Bench:
        return self._setup.bench()

    @property
    def free(self) -> int:
        """One while no job is waiting."""
        return 0 if self._jobs else 1

    def submit(self, jobs: Sequence[Job]) -> None:
        """Keep the jobs for the next `wait`."""
        self._jobs = jobs

    def wait(self, listener: Listener) -> Iterator[Ended]:
        """Run the submitted jobs."""
        jobs, self._jobs = self._jobs, ()
        yield from execute(jobs, self._bench, listener)

    def close(self) -> None:
        """Nothing to stop."""

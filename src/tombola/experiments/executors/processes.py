"""Jobs in worker processes, one bundle each at a time.

Every worker has a pipe of its own, so a worker that is killed takes only its jobs with it: no shared queue or lock can
be left broken. (The standard library's process pool declares the whole pool broken instead.)
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import cast

from tombola.errors import TombolaError
from tombola.experiments.events import Ended, JobFinished, JobLost, Listener
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.executors.worker import FatalError, serve
from tombola.experiments.graph import Job
from tombola.store import JobId
from tombola.training.interrupts import interrupts_held

ATTEMPTS = 2
"""A job whose worker dies (killed for memory, say) is tried again this often before it is given up."""


class Worker:
    """One process, its pipe, and the jobs it works on."""

    def __init__(self, setup: WorkerSetup) -> None:
        context = multiprocessing.get_context("spawn")  # fork would copy locks that torch's threads hold
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, setup), daemon=True)
        with interrupts_held():
            self.process.start()
        theirs.close()
        self.jobs: dict[JobId, Job] = {}

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self.process.terminate()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class ProcessExecutor:
    """A fixed number of worker processes on this machine.

    Parameters
    ----------
    setup
        What a worker needs to begin.
    workers
        How many.
    """

    def __init__(self, setup: WorkerSetup, workers: int) -> None:
        self._setup = setup
        self._workers: list[Worker] = []
        self._most = workers
        self._attempts: dict[Job, int] = {}
        self._again: deque[Job] = deque()

    @property
    def free(self) -> int:
        """Idle workers, and those not started yet."""
        return max(0, self._most - sum(bool(worker.jobs) for worker in self._workers) - len(self._again))

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid]

    def submit(self, jobs: Sequence[Job]) -> None:
        """Hand the jobs to an idle worker, started now if there is none."""
        idle = next((worker for worker in self._workers if not worker.jobs), None)
        if idle is None:
            idle = Worker(self._setup)
            self._workers.append(idle)
        idle.jobs = {job.id: job for job in jobs}
        try:
            idle.connection.send(tuple(jobs))
        except OSError:  # the worker died while idle: `wait` finds it gone and takes care of the jobs
            return

    def wait(self, listener: Listener) -> list[Ended]:
        """Return the jobs that ended, at least one unless none is running."""
        ended: list[Ended] = []
        while not ended and any(worker.jobs for worker in self._workers):
            by_connection = {worker.connection: worker for worker in self._workers}
            for ready in wait(list(by_connection)):
                worker = by_connection[cast(Connection, ready)]
                try:
                    event = worker.connection.recv()
                except (EOFError, OSError):
                    ended += self._bury(worker)
                    continue
                if isinstance(event, FatalError):
                    raise TombolaError(str(event))
                if isinstance(event, JobFinished | JobLost):
                    del worker.jobs[event.job]
                    ended.append(event)
                else:
                    listener(event)
            self._try_again()
        return ended

    def _bury(self, worker: Worker) -> Iterator[JobLost]:
        """Remove a dead worker; its jobs get another chance, each by itself, or are given up."""
        self._workers.remove(worker)
        worker.stop()
        code = worker.process.exitcode
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        for job in worker.jobs.values():
            self._attempts[job] = self._attempts.get(job, 1) + 1
            if self._attempts[job] <= ATTEMPTS:
                self._again.append(job)
            else:
                reason = f"its worker process ended {ATTEMPTS} times without a result ({how}; out of memory?)"
                yield JobLost(job.id, reason)

    def _try_again(self) -> None:
        """Hand jobs of dead workers to others, as soon as there is one for each."""
        while self._again and sum(bool(worker.jobs) for worker in self._workers) < self._most:
            self.submit([self._again.popleft()])

    def close(self) -> None:
        """End all workers; jobs they were at leave nothing that counts."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

"""Jobs in worker processes, one job each at a time.

Every worker has a pipe of its own, so a worker that is killed takes only its job with it: no shared queue or lock can
be left broken. (The standard library's process pool declares the whole pool broken instead.)
"""

import multiprocessing
import signal
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import cast

from tombola.errors import TombolaError
from tombola.experiments.events import JobFinished, JobLost, Listener
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.executors.worker import FatalError, serve
from tombola.experiments.graph import Job

ATTEMPTS = 2
"""A job whose worker dies (killed for memory, say) is tried again this often before it is given up."""


class Worker:
    """One process, its pipe, and the job it works on."""

    def __init__(self, setup: WorkerSetup) -> None:
        context = multiprocessing.get_context("spawn")  # fork would copy locks that torch's threads hold
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, setup), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None

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

    @property
    def free(self) -> int:
        """Idle workers, and those not started yet."""
        return self._most - sum(worker.job is not None for worker in self._workers)

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid]

    def submit(self, job: Job) -> None:
        """Hand the job to an idle worker, started now if there is none."""
        idle = next((worker for worker in self._workers if worker.job is None), None)
        if idle is None:
            idle = Worker(self._setup)
            self._workers.append(idle)
        idle.job = job
        try:
            idle.connection.send(job)
        except OSError:  # the worker died while idle: `wait` finds it gone and takes care of the job
            return

    def wait(self, listener: Listener) -> list[JobFinished | JobLost]:
        """Return the jobs that ended, at least one unless none is running."""
        ended: list[JobFinished | JobLost] = []
        while not ended and any(worker.job for worker in self._workers):
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
                    worker.job = None
                    ended.append(event)
                else:
                    listener(event)
        return ended

    def _bury(self, worker: Worker) -> list[JobFinished | JobLost]:
        """Remove a dead worker; its job gets another chance or is given up."""
        self._workers.remove(worker)
        worker.stop()
        job, code = worker.job, worker.process.exitcode
        if job is None:
            return []
        self._attempts[job] = self._attempts.get(job, 1) + 1
        if self._attempts[job] <= ATTEMPTS:
            self.submit(job)
            return []
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        return [JobLost(job.id, f"its worker process ended {ATTEMPTS} times without a result ({how}; out of memory?)")]

    def close(self) -> None:
        """End all workers; jobs they were at leave nothing that counts."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

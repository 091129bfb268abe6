"""Executors: where jobs run. Results never depend on which one is used or on how many workers it has."""

from tombola.experiments.executors.base import Executor, WorkerSetup
from tombola.experiments.executors.processes import ProcessExecutor
from tombola.experiments.executors.serial import SerialExecutor

__all__ = ["Executor", "ProcessExecutor", "SerialExecutor", "WorkerSetup", "make_executor"]


def make_executor(setup: WorkerSetup, workers: int) -> Executor:
    """Return the executor for a number of workers: this process for one, a process each for more."""
    return SerialExecutor(setup) if workers == 1 else ProcessExecutor(setup, workers)

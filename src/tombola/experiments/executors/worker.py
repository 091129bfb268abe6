"""The inside of a worker process: take jobs, train them, publish them, say so."""

import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

import torch

from tombola.errors import TombolaError
from tombola.experiments.execute import execute
from tombola.experiments.executors.base import WorkerSetup
from tombola.experiments.graph import Job


class FatalError(RuntimeError):
    """A fault that stops the whole run; its text is the sentence for the user."""


def serve(connection: Connection, setup: WorkerSetup) -> None:
    """Serve jobs until the other side closes the connection or dies.

    Ctrl-C reaches every process of a terminal; the main process decides what it means, so workers ignore it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(setup.engines.threads)  # this process is ours alone; idle threads of a pool would spin
    try:
        bench = setup.bench()
        while True:
            jobs: Sequence[Job] = connection.recv()
            for ended in execute(jobs, bench, connection.send):
                connection.send(ended)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(0)  # the main process is gone; what is not published does not count
    except TombolaError as error:
        connection.send(FatalError(str(error)))

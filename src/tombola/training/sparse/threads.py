"""Several trainings at a time in threads: one reports at a time, and where one stops, all do."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from threading import Lock

from tombola.errors import TombolaError
from tombola.training.engine import FitResult, OnRecord, Progress


def check_threads(threads: int) -> None:
    """Raise `TombolaError` unless there is at least one thread."""
    if threads < 1:
        raise TombolaError(f"threads = {threads}: at least one thread is needed")


class Turns:
    """Calls ``on_record`` for one training at a time, until they are told to stop.

    Parameters
    ----------
    on_record
        What is called at every record, if anything.
    """

    def __init__(self, on_record: OnRecord | None) -> None:
        self.on_record, self.stopped, self._lock = on_record, False, Lock()

    def __call__(self, progress: Progress) -> None:
        """Report; raise where another training has stopped them all."""
        with self._lock:
            if self.stopped:
                raise CancelledError
            if self.on_record is not None:
                try:
                    self.on_record(progress)
                except BaseException:
                    self.stopped = True
                    raise


def in_threads(one: Callable[[int], FitResult], count: int, threads: int, turns: Turns) -> list[FitResult]:
    """Return ``one(0)`` to ``one(count - 1)``, `threads` of them at a time.

    What one of them raises is raised here, as soon as the others have come to their next record.
    """
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(one, number) for number in range(count)]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            errors = [error for error in (future.exception() for future in done) if error is not None]
            for error in sorted(errors, key=lambda error: isinstance(error, CancelledError)):
                raise error
        except BaseException:
            turns.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in futures]

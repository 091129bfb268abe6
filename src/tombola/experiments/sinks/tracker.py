"""A tracker beside a run: in a thread of its own, so that neither its errors nor its waiting reach the training."""

import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from tombola.experiments.events import Event, JobFinished, RunStarted
from tombola.experiments.sinks.base import Sink, TrackedJob, check_installed, sinks, tracked_file
from tombola.store import JobId, RunFolder, open_run

Warn = Callable[[str], None]

PATIENCE = 60.0
"""Seconds that the end of a run waits for a tracker."""


class Tracker:
    """Feeds finished jobs to one tracker. A listener of events; call `finish` when the run has ended.

    Every job is shown once: ``tracking/<name>.txt`` in the run folder lists the keys of those that were. Jobs finished
    by earlier calls are caught up with. Nothing else depends on that list.

    Parameters
    ----------
    name
        A registered tracker.
    warn
        Called with one sentence the first time something fails; the tracker is left alone from then on.
    patience
        Seconds that `finish` waits.

    Raises
    ------
    TombolaError
        If the tracker is unknown or not installed.
    """

    def __init__(self, name: str, warn: Warn, patience: float = PATIENCE) -> None:
        check_installed(name)
        self.name = name
        self._warn = warn
        self._patience = patience
        self._waiting: queue.SimpleQueue[Path | JobId | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failed = threading.Event()

    def __call__(self, event: Event) -> None:
        """Take a finished job, and at the start of the run those that earlier calls finished."""
        match event:
            case RunStarted():
                self._watch(event.path)
            case JobFinished() if self._thread is not None:
                self._waiting.put(event.job)
            case _:
                pass

    def finish(self, path: Path) -> None:
        """Show what is left and the table of the whole, and stop.

        Parameters
        ----------
        path
            The run folder. A run that had nothing to do was never announced; its jobs are shown now.
        """
        self._watch(path)
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(self._patience)
            if self._thread.is_alive():
                self._fail(f"it takes longer than {self._patience:.0f} seconds to finish")

    def _watch(self, path: Path) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, daemon=True, name=f"tracker-{self.name}")
            self._thread.start()
        self._waiting.put(path)

    def _serve(self) -> None:
        """Show what is waiting, whatever that throws: trackers also exit, and interrupt."""
        desk: Desk | None = None
        try:
            while (item := self._waiting.get()) is not None:
                if isinstance(item, Path):
                    desk = desk or Desk(self.name, item)
                    for job in desk.folder.existing():
                        desk.show(job)
                elif desk is not None:
                    desk.show(item)
            if desk is not None:
                desk.close()
        except BaseException as error:
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, reason: str) -> None:
        if not self._failed.is_set():
            self._failed.set()
            first = reason.strip().splitlines()[0]
            self._warn(f"tracker {self.name} is left out from here on ({first}); the run is not affected")


class Desk:
    """What the thread of a tracker works with: the tracker, made for the first job it has not seen, and its list."""

    def __init__(self, name: str, path: Path) -> None:
        self.folder = RunFolder(path)
        self._name = name
        self._list = tracked_file(path, name)
        self._seen = set(self._list.read_text().split()) if self._list.is_file() else set()
        self._sink: Sink | None = None

    def show(self, job: JobId) -> None:
        """Show a finished job, once."""
        tracked = TrackedJob.read(self.folder, job)
        if tracked.key in self._seen:
            return
        if self._sink is None:
            self._list.parent.mkdir(exist_ok=True)
            self._sink = sinks[self._name].make(open_run(self.folder.path))
        self._sink.job(tracked)
        self._seen.add(tracked.key)
        with self._list.open("a") as file:
            file.write(f"{tracked.key}\n")

    def close(self) -> None:
        """Show the early-stop table of the whole run, if any job was new."""
        if self._sink is not None:
            self._sink.close(open_run(self.folder.path).early_stop_table())


def make_trackers(names: Iterable[str], warn: Warn) -> list[Tracker]:
    """Return a tracker for each name, once.

    Raises
    ------
    TombolaError
        If one is unknown or not installed.
    """
    return [Tracker(name, warn) for name in dict.fromkeys(names)]

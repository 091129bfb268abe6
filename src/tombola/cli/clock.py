"""How far a run is, and how long the rest will take."""

import time

from tombola.analysis.wording import duration
from tombola.experiments.events import Event, JobFinished, JobLost, JobProgress, JobStarted
from tombola.store import JobId


class Clock:
    """Counts the steps that are done and tells how long the rest will take."""

    def __init__(self) -> None:
        self.total = 0
        self._start = time.monotonic()
        self._finished = 0
        self._running: dict[JobId, JobStarted] = {}
        self._steps: dict[JobId, int] = {}
        self._began: dict[JobId, float] = {}

    def begin(self, total: int) -> None:
        """Start counting towards a total."""
        self.total, self._start = total, time.monotonic()

    def update(self, event: Event) -> None:
        """Take note of a job's progress or end."""
        match event:
            case JobStarted():
                self._running[event.job], self._began[event.job] = event, time.monotonic()
                self._steps[event.job] = 0
            case JobProgress(progress=progress):
                self._steps[event.job] = progress.step - self._running[event.job].first_step
            case JobFinished() | JobLost():
                started = self._running.pop(event.job, None)
                self._steps.pop(event.job, None)
                self._finished += started.last_step - started.first_step if started else 0
            case _:
                pass

    @property
    def done(self) -> int:
        """Steps done so far."""
        return self._finished + sum(self._steps.values())

    def left(self) -> str:
        """Return the estimated time left for the whole run."""
        if not self.done:
            return "-"
        elapsed = time.monotonic() - self._start
        return duration(max(0.0, elapsed * (self.total - self.done) / self.done))

    def density(self, job: JobId) -> float:
        """Return the density of a running job's network."""
        return self._running[job].density

    def speed(self, job: JobId) -> float:
        """Return a running job's steps per second, evaluation included."""
        return self._steps.get(job, 0) / max(1e-9, time.monotonic() - self._began.get(job, 0.0))

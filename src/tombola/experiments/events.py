"""What a run tells whoever watches it. The command line draws these; scripts may listen too."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tombola.data import Work
from tombola.store import JobId
from tombola.store.jobs import JobInfo
from tombola.training import Progress


@dataclass(frozen=True)
class DataPrepared:
    """Slow work on the images that is done once (decoding files) is at this point."""

    work: Work


@dataclass(frozen=True)
class KernelsCompiled:
    """The sparse engine's kernels are compiled, once per machine: in `seconds`; None says that it begins."""

    seconds: float | None


@dataclass(frozen=True)
class RunEstimated:
    """What the jobs to do will cost: wall time and disk."""

    seconds: float
    bytes: int


@dataclass(frozen=True)
class RunStarted:
    """The run begins; of `total` jobs, `pending` are still to do."""

    path: Path
    total: int
    pending: int
    pending_steps: int
    workers: int


@dataclass(frozen=True)
class JobFinding:
    """A job looks for its mask (rounds of scoring, steps of a search) before it trains: what it does, and how far."""

    job: JobId
    what: str
    done: int
    total: int


@dataclass(frozen=True)
class JobStarted:
    """A job's training begins: how dense its network is, and from which step to which it trains."""

    job: JobId
    density: float
    first_step: int
    last_step: int


@dataclass(frozen=True)
class JobProgress:
    """A job made a record."""

    job: JobId
    progress: Progress


@dataclass(frozen=True)
class JobsBundled:
    """Several jobs are handed to one engine at once."""

    jobs: tuple[JobId, ...]


@dataclass(frozen=True)
class BundleParted:
    """Training jobs together broke off (for memory, mostly): halves of them are tried."""

    jobs: tuple[JobId, ...]
    reason: str


@dataclass(frozen=True)
class JobFinished:
    """A job's result is published (done or failed)."""

    job: JobId
    info: JobInfo


@dataclass(frozen=True)
class JobLost:
    """A job ended without a result; it can be run again."""

    job: JobId
    reason: str


Ended = JobFinished | JobLost
"""How a job of an executor ended."""

Event = (
    DataPrepared
    | KernelsCompiled
    | RunEstimated
    | RunStarted
    | JobsBundled
    | BundleParted
    | JobFinding
    | JobStarted
    | JobProgress
    | JobFinished
    | JobLost
)
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen to nothing."""

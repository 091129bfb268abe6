"""How a call of `run` ended."""

from dataclasses import dataclass, field
from pathlib import Path

from tombola.experiments.events import JobLost
from tombola.store.jobs import JobInfo


@dataclass
class Outcome:
    """How a call of `run` ended.

    Attributes
    ----------
    path
        The run folder.
    total
        Jobs of the experiment.
    trained
        Jobs trained by this call.
    adopted
        Jobs taken over from sibling runs by this call.
    failed
        Every job of the run that failed, with its reason.
    lost
        Jobs that ended without a result in this call.
    blocked
        Jobs that cannot run because one they need failed or was lost.
    seconds
        Wall time of this call.
    """

    path: Path
    total: int
    trained: int = 0
    adopted: int = 0
    failed: list[JobInfo] = field(default_factory=list)
    lost: list[JobLost] = field(default_factory=list)
    blocked: int = 0
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every job is done."""
        return not (self.failed or self.lost or self.blocked)

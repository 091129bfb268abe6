"""What an executor is, and what its workers need to begin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tombola.data import load
from tombola.experiments.bench import Bench
from tombola.experiments.engines import EngineChoice
from tombola.experiments.events import Ended, Listener
from tombola.experiments.graph import Job
from tombola.specs import ExperimentSpec
from tombola.specs.plugins import load_plugins
from tombola.store import RunFolder


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker process is told at its start; small, so that it travels to any machine."""

    spec: ExperimentSpec
    folder: Path
    engines: EngineChoice

    def bench(self) -> Bench:
        """Import plug-ins and load the data."""
        load_plugins(self.spec.modules)
        return Bench(self.spec, load(self.spec.data, self.spec.seed), RunFolder(self.folder), self.engines)


class Executor(Protocol):
    """Runs bundles of jobs that are ready, in any order and place."""

    @property
    def free(self) -> int:
        """How many more bundles can be taken now."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs whose needs are complete, for one worker to train together."""

    def wait(self, listener: Listener) -> Iterable[Ended]:
        """Yield jobs as they end, at least one of what was submitted; tell the listener of everything else meanwhile.

        Raises
        ------
        TombolaError
            If results cannot be written: going on would be waste.
        """

    def close(self) -> None:
        """Stop everything; unfinished jobs leave nothing behind that counts."""

"""What a tracker is told of a run, and the registry of trackers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from tombola.errors import TombolaError
from tombola.records import MEASURES, Records
from tombola.registry import Registry
from tombola.store import JobId, Run, RunFolder
from tombola.store.folder import TICKET
from tombola.store.jobs import JobInfo, read_info, read_records
from tombola.store.tables import early_stop

SUMMARY = (
    *("early_stop_step", "train_loss", "val_loss", "val_accuracy", "test_accuracy"),
    *("final_val_loss", "final_val_accuracy", "final_test_accuracy", "seconds"),
)
"""Columns of the early-stop table that sum a job up."""


@dataclass(frozen=True)
class TrackedJob:
    """A finished job as trackers see it: read from the disk, so it does not matter which process trained it."""

    info: JobInfo
    records: Records
    summary: dict[str, float]

    @classmethod
    def read(cls, folder: RunFolder, job: JobId) -> "TrackedJob":
        """Read a finished job of a run."""
        info, records = read_info(folder.job(job)), read_records(folder.job(job))
        row = early_stop([(info, records)]).iloc[0]
        values = {name: float(row[name]) for name in SUMMARY}
        summary = {name: value for name, value in values.items() if math.isfinite(value)}
        return cls(info, records, {"density": info.density} | summary)

    @property
    def key(self) -> str:
        """What tells it from every other training: its key, and when it ended (failed jobs may be tried again)."""
        return f"{self.info.key}@{self.info.finished}"

    @property
    def name(self) -> str:
        """Its name in trackers; controls of a level stand beside their ticket."""
        info = self.info
        what = "ticket" if info.control == TICKET else f"{info.control}-{info.repetition}"
        return f"replicate-{info.replicate}/level-{info.level:02d}/{what}"

    @property
    def settings(self) -> dict[str, Any]:
        """What tells it from other jobs of its run."""
        info = self.info
        what = "ticket" if info.control == TICKET else info.control
        return {
            **{"replicate": info.replicate, "level": info.level, "control": what, "repetition": info.repetition},
            **{"engine": info.engine, "status": info.status},
        }

    def points(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield (step, measures) of every record; what was not measured is left out."""
        for row, step in enumerate(self.records.step.tolist()):
            values = {name: float(getattr(self.records, name)[row]) for name in MEASURES}
            yield step, {name: value for name, value in values.items() if not math.isnan(value)}


class Sink(Protocol):
    """One tracker at work on one run. May raise anything: whoever calls it turns that into one warning."""

    def __init__(self, run: Run) -> None:
        """Begin; nothing of the run but its folder and its spec may be relied on yet."""

    def job(self, job: TrackedJob) -> None:
        """Show a finished job: its records by step, its density, its early stop."""

    def close(self, table: pd.DataFrame) -> None:
        """Show the early-stop table, and let go of everything."""


@dataclass(frozen=True)
class SinkKind:
    """A tracker by name: how it is made, and the package it needs."""

    make: type[Sink]
    package: str


sinks: Registry[SinkKind] = Registry("tracker")


def check_installed(name: str) -> None:
    """Make sure that a tracker exists and its package is there.

    Raises
    ------
    TombolaError
        Otherwise, before anything is trained.
    """
    if find_spec(sinks[name].package) is None:
        raise TombolaError(f"--track {name} needs {sinks[name].package}: pip install 'tombola[track]'")


def tracked_file(path: Path, name: str) -> Path:
    """Return the list of jobs that a tracker has seen, by key, in a run folder."""
    return path / "tracking" / f"{name}.txt"

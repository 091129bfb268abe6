"""One job's result on disk: what it was and what was measured, read without torch."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tombola.errors import TombolaError
from tombola.records import Records
from tombola.specs.keys import SCHEMA
from tombola.store.files import read_json
from tombola.store.folder import JobId

IMPORTED = "imported"
"""Stands in place of versions where another framework trained."""

INFO, RECORDS, TICKET_FILE = "job.json", "records.npz", "ticket.safetensors"
SCORES = "scores.safetensors"
"""What a search trained."""

TRAINED, EARLY_STOP, REWIND = "trained.safetensors", "early_stop.safetensors", "rewind.safetensors"


@dataclass(frozen=True)
class JobInfo:
    """What ``job.json`` says: identity, outcome, and what the result rests on."""

    key: str
    replicate: int
    level: int
    control: str
    repetition: int
    status: str
    reason: str = ""
    parent: str | None = None
    density: float = 1.0
    remaining: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    early_stop_step: int | None = None
    engine: str = "dense"
    device: str = "cpu"
    threads: int = 1
    seconds: float = 0.0
    evaluation_seconds: float = 0.0
    started: str = ""
    finished: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    convergence: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def imported(self) -> bool:
        """Whether another framework trained it; its key then says where it comes from, not what determines it."""
        return IMPORTED in self.versions

    @property
    def id(self) -> JobId:
        """Where the job stands in its experiment."""
        return JobId(self.replicate, self.level, self.control, self.repetition)


def read_info(path: Path) -> JobInfo:
    """Return what a job folder's ``job.json`` says."""
    content: Any = read_json(path / INFO)
    if not isinstance(content, dict):
        raise TombolaError(f"{path / INFO} is damaged: it holds no job; delete its folder and start the run again")
    if content.get("schema") != SCHEMA:
        raise TombolaError(f"{path} has version {content.get('schema')} and this Tombola reads version {SCHEMA}")
    try:
        return JobInfo(**content)
    except TypeError as error:
        raise TombolaError(f"{path / INFO} is damaged: {error}") from error


def read_records(path: Path) -> Records:
    """Return the records of a job folder."""
    try:
        with np.load(path / RECORDS, allow_pickle=False) as arrays:
            return Records(**arrays)
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise TombolaError(
            f"{path / RECORDS} is damaged ({error}); delete its job folder and start the run again"
        ) from error

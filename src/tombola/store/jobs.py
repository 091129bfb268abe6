"""One job's result on disk: what it was, what was measured, and the states it ended in."""

import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tombola.errors import TombolaError
from tombola.networks.state import State
from tombola.pruning import Mask, Ticket
from tombola.records import Records
from tombola.specs.keys import SCHEMA
from tombola.store.files import publishing, read_json, told_clearly, write_json
from tombola.store.folder import JobId, RunFolder
from tombola.store.states import save_own_state, save_state, save_ticket
from tombola.store.tables_csv import Table, csv_text

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


def publish_job(
    folder: RunFolder,
    info: JobInfo,
    ticket: Ticket | None,
    records: Records,
    states: dict[str, State],
    *,
    with_initial: bool = True,
    tables: Mapping[str, Table] | None = None,
    extra: Mapping[str, State] | None = None,
    masks: Mapping[str, Mask] | None = None,
) -> None:
    """Write one job's result so that it appears whole or not at all.

    Parameters
    ----------
    folder
        The run folder.
    info, ticket, records
        What the job was, what it trained (None where an import does not know the mask), and what was measured.
    states
        States by file name: ``trained.safetensors``, ``early_stop.safetensors``, ``rewind.safetensors``.
    with_initial
        False keeps only the mask of the ticket.
    tables
        Tables by file name, as CSV.
    extra
        Tensors by file name that no mask covers (scores of a search).
    masks
        Masks by file name, of states that have another than the ticket's (masks that moved in training).
    """
    target = folder.job(info.id)
    with publishing(target, folder.workshop) as aside, told_clearly(target):
        if ticket is not None:
            save_ticket(aside / TICKET_FILE, ticket, with_initial=with_initial)
            for name, state in states.items():
                own = (masks or {}).get(name)
                if own is None:
                    save_state(aside / name, state, ticket.mask)
                else:
                    save_own_state(aside / name, state, own)
        for name, table in (tables or {}).items():
            (aside / name).write_text(csv_text(table))
        for name, tensors in (extra or {}).items():
            save_state(aside / name, tensors, Mask({}))
        with (aside / RECORDS).open("wb") as file:
            np.savez(file, **records.arrays())  # type: ignore[arg-type]
        write_json(aside / INFO, asdict(info))


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

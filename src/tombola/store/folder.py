"""The layout of a run folder, and the names of the jobs in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from filelock import FileLock, Timeout

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec
from tombola.specs.keys import SCHEMA
from tombola.specs.resolve import validate
from tombola.store.files import read_json, told_clearly, write_json, write_text

TICKET = "none"
"""Stands for "no control": the ticket itself."""


class JobId(NamedTuple):
    """Where a job stands in its experiment, which is also where its folder lies."""

    replicate: int
    level: int
    control: str = TICKET
    repetition: int = 0

    @property
    def path(self) -> str:
        """The job's folder below ``jobs/``."""
        return f"{self.replicate}/{self.level}/{self.control}/{self.repetition}"

    def __str__(self) -> str:
        control = "" if self.control == TICKET else f", {self.control} {self.repetition}"
        return f"replicate {self.replicate}, level {self.level}{control}"


class RunFolder:
    """Paths and small files of one run folder. Holds no state besides its path.

    ``spec.yaml`` (resolved), ``environment.json``, ``engine.json``, ``log.txt``, and
    ``jobs/<replicate>/<level>/<control>/<repetition>/``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec_file = path / "spec.yaml"
        self.environment_file = path / "environment.json"
        self.engine_file = path / "engine.json"
        self.import_file = path / "import.json"
        self.log_file = path / "log.txt"
        self.jobs = path / "jobs"
        self.workshop = path / ".building"

    @property
    def imported(self) -> bool:
        """Whether the results were trained by another framework (`tombola import`)."""
        return self.import_file.is_file()

    def job(self, job: JobId) -> Path:
        """Return the folder of a job, which exists exactly when the job is complete."""
        return self.jobs / job.path

    def existing(self) -> Iterator[JobId]:
        """Yield every job that is complete, in a fixed order."""
        for file in sorted(self.jobs.glob("*/*/*/*/job.json")):
            replicate, level, control, repetition = file.parent.relative_to(self.jobs).parts
            if replicate.isdigit() and level.isdigit() and repetition.isdigit():
                yield JobId(int(replicate), int(level), control, int(repetition))

    def read_spec(self) -> ExperimentSpec:
        """Return the experiment this folder holds.

        Raises
        ------
        TombolaError
            If this is no run folder, or one of another schema version.
        """
        if not self.spec_file.is_file():
            raise TombolaError(
                f"{self.path} is no run folder (it has no spec.yaml); `tombola run` prints the folders it makes"
            )
        try:
            values = yaml.safe_load(self.spec_file.read_text())
            schema = values.pop("schema", None)
        except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
            raise TombolaError(f"{self.spec_file} is damaged: it holds no experiment") from error
        if schema != SCHEMA:
            raise TombolaError(
                f"{self.path} has run-folder version {schema} and this Tombola reads version {SCHEMA}; "
                "open it with the Tombola it was written by (environment.json names it)"
            )
        return validate(values)

    def write_spec(self, spec: ExperimentSpec) -> None:
        """Write the resolved experiment; an unchanged one is left alone."""
        text = yaml.safe_dump({"schema": SCHEMA} | spec.resolved(), sort_keys=False, default_flow_style=None, width=110)
        write_text(self.spec_file, text)

    def read_environment(self) -> dict[str, Any]:
        """Return what the run was started in (empty if it was not recorded)."""
        return dict(read_json(self.environment_file)) if self.environment_file.is_file() else {}

    def write_environment(self, environment: dict[str, Any]) -> None:
        """Write what the run was started in."""
        write_json(self.environment_file, environment)

    def clear_workshop(self) -> None:
        """Throw away what an interrupted process left half-built."""
        with told_clearly(self.workshop):
            if self.workshop.exists():
                shutil.rmtree(self.workshop)

    def writing(self) -> FileLock:
        """Return the lock of the one process that may write here, held; release it or use it as a context.

        Raises
        ------
        TombolaError
            If another process holds it.
        """
        with told_clearly(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock", timeout=0)
            try:
                lock.acquire()
            except Timeout as error:
                raise TombolaError(
                    f"another process is writing {self.path}; wait for it, or stop it, and start again"
                ) from error
        return lock

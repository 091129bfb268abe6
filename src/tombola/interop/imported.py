"""Somebody else's results as a run folder of ours: complete or absent, marked as imported, read-only."""

import hashlib
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec
from tombola.specs.keys import SCHEMA, run_key
from tombola.store import RunFolder
from tombola.store.files import sync, told_clearly, write_json


@dataclass
class Findings:
    """What an import noticed, one sentence each.

    Attributes
    ----------
    warnings
        What does not fit, or was left out because of it.
    notes
        What a reader of the results should know: how the source differs from a run of Tombola.
    unknown
        What the source does not hold, and what therefore is absent here.
    errors
        Contradictions that must be settled before the results are analysed as what they are called; `tombola report`
        and `tombola compare` say that there are some.
    """

    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        """Add a warning, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes
    ----------
    path
        The run folder.
    jobs
        Trainings in it.
    findings
        What was noticed; also in the folder's ``import.json``.
    """

    path: Path
    jobs: int
    findings: Findings


@dataclass(frozen=True)
class Source:
    """Where results come from.

    Attributes
    ----------
    format
        ``playground`` or ``open-lth``.
    place
        What was given on the command line.
    files
        Every file that was read.
    facts
        What the source says of itself and no spec of ours has a field for; plain data.
    environment
        Entries of ``environment.json``.
    """

    format: str
    place: str
    files: tuple[Path, ...]
    facts: dict[str, Any]
    environment: dict[str, Any]


def publish(
    spec: ExperimentSpec,
    out: Path,
    source: Source,
    findings: Findings,
    fill: Callable[[RunFolder], int],
) -> Imported:
    """Write a run folder aside and publish it by one rename.

    Parameters
    ----------
    spec
        The experiment.
    out
        The folder that run folders lie in.
    source, findings
        Where the results come from; what was noticed, which `fill` may add to.
    fill
        Writes the jobs into the folder and returns how many.

    Raises
    ------
    TombolaError
        If the folder is there already, or cannot be written.
    """
    target = out / f"{spec.name}-{run_key(spec)}"
    if target.exists():
        raise TombolaError(f"{target} is there already; move it away to import again, or give another --out")
    aside = out / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    try:
        with told_clearly(target):
            aside.mkdir(parents=True)
        folder = RunFolder(aside)
        jobs = fill(folder)
        folder.clear_workshop()
        folder.write_spec(spec)
        folder.write_environment({"schema": SCHEMA, "provenance": "imported"} | source.environment | _told(findings))
        write_json(folder.engine_file, {"schema": SCHEMA, "levels": {}})
        write_json(folder.import_file, _record(spec, source, findings))
        with told_clearly(target):
            sync(aside)
            aside.rename(target)
            sync(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Imported(target, jobs, findings)


def _record(spec: ExperimentSpec, source: Source, findings: Findings) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "format": source.format,
        "source": source.place,
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "tombola": _version(),
        "experiment": {
            "replicates": spec.replicates,
            "levels": spec.prune.levels,
            "controls": list(spec.controls),
        },
        "files": {_called(path, source): file_digest(path) for path in source.files},
        "facts": source.facts,
        "errors": findings.errors,
        "warnings": findings.warnings,
        "notes": findings.notes,
        "unknown": findings.unknown,
    }


def _called(path: Path, source: Source) -> str:
    """Return a file's name; with its folders where several files have that name."""
    alone = sum(other.name == path.name for other in source.files) == 1
    return path.name if alone else str(path.relative_to(source.place))


def _version() -> str:
    try:
        return version("tombola")
    except PackageNotFoundError:
        return "unknown"


def _told(findings: Findings) -> dict[str, str]:
    """Return what readers of the report must see, as text."""
    parts = {
        "errors": findings.errors,
        "notes": findings.notes,
        "unknown": findings.unknown,
        "warnings": findings.warnings,
    }
    return {name: " ".join(sentences) for name, sentences in parts.items() if sentences}


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_name(text: str) -> str:
    """Return a text as the name of a run: letters, digits, dots, dashes and underscores.

    Examples
    --------
    >>> run_name("my results/2020 (copy)")
    'my_results_2020_copy'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._-") or "imported"

"""A run in one line, read from small files: what it is, how far it got, what it reached, how much disk it takes."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec, NetworkSpec
from tombola.specs.keys import SCHEMA
from tombola.specs.resolve import validate
from tombola.store.folder import TICKET, JobId, RunFolder
from tombola.store.jobs import RECORDS, JobInfo, read_info

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same safe YAML, ten times faster where libyaml is there."""


@dataclass(frozen=True)
class Entry:
    """One run in a list.

    Attributes
    ----------
    path, name, key
        The folder, and both halves of its name.
    status
        ``complete``, ``partial`` (jobs are absent), ``failed`` (a job failed), or ``damaged`` (`fault` says how, and
        nothing else is known).
    fault
        What is wrong with a damaged run, in one sentence.
    spec
        The experiment; None for a damaged run.
    data, network
        Image set, and the network in a few characters.
    jobs, done, failed
        Jobs planned, done and failed.
    levels, levels_done
        Pruning rounds, and the last level up to which every replicate's ticket is done (-1: not even dense).
    replicates
        Replicates planned.
    density
        Highest and lowest density of the tickets that are done; None where there is none.
    accuracy
        The best level's test accuracy at early stop, mean over its replicates; None where it is not known.
    started, finished
        When the first job began and the last one ended, ISO 8601; empty where nothing is done.
    size
        Bytes on disk.
    """

    path: Path
    name: str
    key: str
    status: str
    fault: str = ""
    spec: ExperimentSpec | None = None
    data: str = ""
    network: str = ""
    jobs: int = 0
    done: int = 0
    failed: int = 0
    levels: int = 0
    levels_done: int = -1
    replicates: int = 0
    density: tuple[float, float] | None = None
    accuracy: float | None = None
    started: str = ""
    finished: str = ""
    size: int = 0


def describe(path: Path) -> Entry:
    """Return a run's line; a damaged run gets one that says so instead of an error."""
    name, _, key = path.resolve().name.rpartition("-")
    name, key = (name, key) if name else (key, "")
    try:
        return _entry(path, name, key, *_read(path))
    except (TombolaError, OSError) as error:
        fault = " ".join(str(error).split())
        return Entry(path, name, key, "damaged", fault, size=disk_size(path))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        fault = f"a file in it holds something else than it should ({error})"
        return Entry(path, name, key, "damaged", fault, size=disk_size(path))


def _read(path: Path) -> tuple[ExperimentSpec, dict[JobId, JobInfo]]:
    folder = RunFolder(path)
    if not folder.spec_file.is_file():
        raise TombolaError("its spec.yaml is missing")
    try:
        values = yaml.load(folder.spec_file.read_text(), LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TombolaError("its spec.yaml is no YAML") from error
    if not isinstance(values, dict) or values.pop("schema", None) != SCHEMA:
        raise TombolaError(f"its spec.yaml is not of run-folder version {SCHEMA}")
    return validate(values), {job: read_info(folder.job(job)) for job in folder.existing()}


def _entry(path: Path, name: str, key: str, spec: ExperimentSpec, jobs: dict[JobId, JobInfo]) -> Entry:
    controls = spec.control_repetitions()
    planned = spec.jobs
    inside = {
        job: info
        for job, info in jobs.items()
        if job.replicate < spec.replicates
        and job.level <= spec.prune.levels
        and (
            job.control == TICKET
            or (job.repetition < controls.get(job.control, 0) and spec.controlled(job.level, job.control))
        )
    }
    done = [info for info in inside.values() if info.status == "done"]
    failed = len(inside) - len(done)
    tickets = [info for info in done if info.control == TICKET]
    finished: list[set[int]] = [set() for _ in range(spec.prune.levels + 1)]
    for info in tickets:
        finished[info.level].add(info.replicate)
    whole = [len(replicates) == spec.replicates for replicates in finished]
    densities = [info.density for info in tickets]
    return Entry(
        path, name, key,
        status="failed" if failed else "complete" if len(done) == planned else "partial",
        spec=spec,
        data=spec.data.name,
        network=network_name(spec.network),
        jobs=planned,
        done=len(done),
        failed=failed,
        levels=spec.prune.levels,
        levels_done=(whole.index(False) if False in whole else len(whole)) - 1,
        replicates=spec.replicates,
        density=(max(densities), min(densities)) if densities else None,
        accuracy=_best(path, tickets),
        started=min((info.started for info in inside.values() if info.started), default=""),
        finished=max((info.finished for info in inside.values() if info.finished), default=""),
        size=disk_size(path),
    )  # fmt: skip


def _best(path: Path, tickets: list[JobInfo]) -> float | None:
    """Return the highest mean over replicates of test accuracy at early stop; tickets only."""
    levels: dict[int, list[float]] = {}
    for info in tickets:
        accuracy = _accuracy(path / "jobs" / info.id.path / RECORDS, info.early_stop_step)
        if accuracy is not None:
            levels.setdefault(info.level, []).append(accuracy)
    return max((float(np.mean(values)) for values in levels.values()), default=None)


def _accuracy(file: Path, step: int | None) -> float | None:
    """Return the test accuracy at a step, reading two arrays of the records; None where it cannot be told."""
    if step is None:
        return None
    try:
        with np.load(file, allow_pickle=False) as arrays:
            at = np.flatnonzero(arrays["step"] == step)
            value = float(arrays["test_accuracy"][at[0]])
    except (OSError, ValueError, KeyError, IndexError, EOFError, SyntaxError, zipfile.BadZipFile):
        return None  # one unreadable file costs the list nothing; opening the run says what is wrong
    return value if np.isfinite(value) else None


def network_name(spec: NetworkSpec) -> str:
    """Return a network in a few characters: its plan, or the name it is registered under.

    Examples
    --------
    >>> network_name(NetworkSpec(conv=(64, 64, "M"), linear=(256, 256))), network_name(NetworkSpec(linear=(300, 100)))
    ('64-64-M | 256-256', '300-100')
    """
    if spec.architecture != "plan":
        return spec.architecture
    parts = ["-".join(map(str, part)) for part in (spec.conv, spec.linear) if part]
    return " | ".join(parts) or "linear"


def disk_size(path: Path) -> int:
    """Return the bytes of all files below a folder; what vanishes meanwhile or cannot be read counts as nothing."""
    total = 0
    for place, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - a path object per file is slow
            except OSError:
                continue
    return total

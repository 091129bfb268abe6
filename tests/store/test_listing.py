import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tombola.errors import TombolaError
from tombola.records import GRID, Records
from tombola.specs import ExperimentSpec
from tombola.store import JobId, RunFolder
from tombola.store.finding import run_folders
from tombola.store.jobs import JobInfo
from tombola.store.listing import describe, disk_size

SPEC = ExperimentSpec(
    name="mine", replicates=2, prune={"levels": 2}, controls=("reinit:2",), network={"linear": (300, 100)}
)


def write_run(path: Path, spec: ExperimentSpec = SPEC, keep: Callable[[JobId], bool] = lambda job: True) -> Path:
    """Write a run folder without training: accuracies are 0.9 + level / 100 + replicate / 1000 at step 20."""
    folder = RunFolder(path)
    folder.write_spec(spec)
    controls = {"none": 1} | spec.control_repetitions()
    for replicate in range(spec.replicates):
        for level in range(spec.prune.levels + 1):
            for control, repetitions in controls.items():
                for repetition in range(repetitions if level or control == "none" else 0):
                    job = JobId(replicate, level, control, repetition)
                    if keep(job):
                        write_job(folder, job)
    return path


def write_job(folder: RunFolder, job: JobId, status: str = "done") -> None:
    accuracy = 0.9 + job.level / 100 + job.replicate / 1000
    info = JobInfo(
        key="k", **job._asdict(), status=status, density=0.8**job.level, early_stop_step=20,
        started=f"2026-01-0{1 + job.level}T10:00:00+00:00", finished=f"2026-01-0{1 + job.level}T11:00:00+00:00",
    )  # fmt: skip
    target = folder.job(job)
    target.mkdir(parents=True)
    (target / "job.json").write_text(json.dumps(asdict(info)))
    nothing = np.zeros(3)
    test = np.array([0.1, accuracy, 0.5])
    records = Records(np.array([10, 20, 30]), np.full(3, GRID, np.uint8), nothing, nothing, nothing, test)
    with (target / "records.npz").open("wb") as file:
        np.savez(file, **records.arrays())  # type: ignore[arg-type]


def test_a_complete_run(tmp_path: Path) -> None:
    entry = describe(write_run(tmp_path / "mine-0123456789ab"))
    assert (entry.name, entry.key, entry.status) == ("mine", "0123456789ab", "complete")
    assert (entry.jobs, entry.done, entry.failed) == (14, 14, 0)
    assert (entry.levels, entry.levels_done, entry.replicates) == (2, 2, 2)
    assert entry.density == (1.0, pytest.approx(0.64))
    assert entry.accuracy == pytest.approx(0.9205)
    assert (entry.data, entry.network) == ("mnist-5k", "300-100")
    assert (entry.started[:10], entry.finished[:10]) == ("2026-01-01", "2026-01-03")
    assert entry.size == sum(file.stat().st_size for file in entry.path.rglob("*") if file.is_file())


def test_partial_and_failed(tmp_path: Path) -> None:
    partial = describe(write_run(tmp_path / "a-1", keep=lambda job: job.level < 2 or job.replicate == 0))
    assert (partial.status, partial.levels_done, partial.done) == ("partial", 1, 11)
    path = write_run(tmp_path / "b-2", keep=lambda job: job.level == 0)
    write_job(RunFolder(path), JobId(1, 1), "failed")
    failed = describe(path)
    assert (failed.status, failed.failed, failed.levels_done) == ("failed", 1, 0)
    none = describe(write_run(tmp_path / "c-3", keep=lambda job: False))
    assert (none.status, none.levels_done, none.density, none.accuracy, none.finished) == (
        "partial",
        -1,
        None,
        None,
        "",
    )


def test_jobs_of_a_larger_past_do_not_count(tmp_path: Path) -> None:
    path = write_run(tmp_path / "a-1")
    RunFolder(path).write_spec(SPEC.with_(prune={"levels": 1}, controls=["reinit:1"]))
    entry = describe(path)
    assert (entry.jobs, entry.done, entry.status) == (6, 6, "complete")


def test_only_records_of_tickets_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_run(tmp_path / "a-1")
    opened: list[Path] = []
    original = np.load
    monkeypatch.setattr(np, "load", lambda file, **options: (opened.append(Path(file)), original(file, **options))[1])
    describe(path)
    assert len(opened) == 6
    assert all(file.parts[-3] == "none" for file in opened)


def test_unreadable_records_cost_the_list_nothing(tmp_path: Path) -> None:
    path = write_run(tmp_path / "a-1")
    for i, file in enumerate(path.glob("jobs/*/*/none/0/records.npz")):
        file.write_bytes([b"", b"junk", b"PK\x03\x04 half a zip"][i % 3])
    entry = describe(path)
    assert (entry.status, entry.accuracy) == ("complete", None)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "half a spec": (lambda p: (p / "spec.yaml").write_text("schema: 1\nname: [mi"), "no YAML"),
    "binary spec": (lambda p: (p / "spec.yaml").write_bytes(b"\xff\xfe\x00"), "spec.yaml"),
    "no spec": (lambda p: (p / "spec.yaml").unlink(), "spec.yaml is missing"),
    "other version": (lambda p: (p / "spec.yaml").write_text("schema: 99\n"), "version 1"),
    "unknown field": (lambda p: (p / "spec.yaml").write_text("schema: 1\ncolour: red\n"), "colour"),
    "half a job": (lambda p: (p / "jobs/0/0/none/0/job.json").write_text('{"key"'), "job.json"),
    "a list for a job": (lambda p: (p / "jobs/0/0/none/0/job.json").write_text("[]"), "it holds no job"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_runs_are_one_line(damage: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    path = write_run(tmp_path / "mine-0123456789ab")
    damage(path)
    assert list(run_folders(tmp_path)) == [path]
    entry = describe(path)
    assert entry.status == "damaged"
    assert says in entry.fault
    assert "\n" not in entry.fault
    assert entry.size == disk_size(path) > 0


def test_finding_runs_among_other_things(tmp_path: Path) -> None:
    first = write_run(tmp_path / "b" / "deep" / "er-1", keep=lambda job: False)
    second = write_run(tmp_path / "a-2")
    write_run(tmp_path / ".trash" / "old-3")
    shutil.copytree(first, second / "jobs" / "copy-inside")
    (tmp_path / "foreign" / "jobs" / "x").mkdir(parents=True)
    (tmp_path / "foreign" / "spec.yaml").write_text("openapi: 3.0.0\n")
    (tmp_path / "mine.yaml").write_text("base: lenet-mnist\n")
    (tmp_path / "link").symlink_to(second)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(run_folders(tmp_path)) == [second, first]
    assert list(run_folders(second)) == [second]
    with pytest.raises(TombolaError, match="nowhere is no folder"):
        list(run_folders(tmp_path / "nowhere"))

"""Trackers: what they are shown, and that nothing they do reaches the run."""

import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.sinks import Sink, TrackedJob, Tracker, make_trackers, sinks
from tombola.experiments.sinks.base import SinkKind, tracked_file
from tombola.specs import ExperimentSpec
from tombola.store import Run, open_run
from tombola.store.jobs import read_records


class Notebook(Sink):
    """A tracker that remembers."""

    def __init__(self, run: Run) -> None:
        self.jobs: list[TrackedJob] = []
        self.table: pd.DataFrame | None = None
        MADE.append(self)

    def job(self, job: TrackedJob) -> None:
        self.jobs.append(job)

    def close(self, table: pd.DataFrame) -> None:
        self.table = table


MADE: list[Notebook] = []


def broken(where: str, error: BaseException) -> type[Sink]:
    """Return a tracker that raises in one of its verbs."""

    def fail(*arguments: object) -> None:
        raise error

    return type("Broken", (Notebook,), {where: fail})


@pytest.fixture
def tracker() -> Iterator[Callable[..., tuple[Tracker, list[str]]]]:
    """Make a tracker of a class, and the list that its warnings go to."""
    MADE.clear()
    warnings: list[str] = []

    def make(kind: type[Sink] = Notebook, patience: float = 20) -> tuple[Tracker, list[str]]:
        sinks._items["test"] = SinkKind(kind, "json")
        return Tracker("test", warnings.append, patience), warnings

    yield make
    sinks._items.pop("test", None)


def tracked(spec: ExperimentSpec, out: Path, tracker: Tracker, **options: Any) -> Path:
    outcome = run(spec, out, listener=tracker, **options)
    tracker.finish(outcome.path)
    return outcome.path


def test_every_job_is_shown_with_its_records(
    tracker: Callable[..., Any], tiny_spec: ExperimentSpec, tmp_path: Path
) -> None:
    watcher, warnings = tracker()
    opened = open_run(tracked(tiny_spec, tmp_path, watcher))
    (notebook,) = MADE
    assert sorted(job.info.id for job in notebook.jobs) == sorted(opened.jobs)
    for job in notebook.jobs:
        records = read_records(opened.folder.job(job.info.id))
        points = dict(job.points())
        assert list(points) == records.step.tolist()
        assert [values["val_loss"] for values in points.values()] == records.val_loss.tolist()
        assert "train_loss" not in points[0]  # not measured before the first step
        assert job.summary["density"] == opened.jobs[job.info.id].density
        stop = records.early_stop()
        assert stop is not None
        assert job.summary["test_accuracy"] == records.test_accuracy[stop]
    assert len({job.name for job in notebook.jobs}) == len(opened.jobs)
    assert notebook.table is not None
    pd.testing.assert_frame_equal(notebook.table, opened.early_stop_table())
    assert warnings == []


def test_jobs_of_worker_processes_are_shown_too(
    tracker: Callable[..., Any], tiny_spec: ExperimentSpec, tmp_path: Path
) -> None:
    watcher, _ = tracker()
    path = tracked(tiny_spec.with_(replicates=2, prune={"levels": 0}), tmp_path, watcher, workers=2)
    assert sorted(job.info.id for job in MADE[0].jobs) == sorted(open_run(path).jobs)


def test_no_job_is_shown_twice_and_none_is_left_out(
    tracker: Callable[..., Any], tiny_spec: ExperimentSpec, tmp_path: Path
) -> None:
    run(tiny_spec.with_(replicates=1), tmp_path)  # nobody watches
    tracked(tiny_spec, tmp_path, tracker()[0])  # one replicate more
    tracked(tiny_spec, tmp_path, tracker()[0])  # nothing to do, nothing new
    path = tracked(tiny_spec.with_(prune={"levels": 3}), tmp_path, tracker()[0])
    first, second = ([job.info.id for job in notebook.jobs] for notebook in MADE)
    assert sorted(first + second) == sorted(open_run(path).jobs)
    assert {job.level for job in second} == {3}
    assert len(tracked_file(path, "test").read_text().split()) == len(first) + len(second)


@pytest.mark.parametrize("where", ["__init__", "job", "close"])
@pytest.mark.parametrize("error", [RuntimeError("no network\nat all"), SystemExit(1), KeyboardInterrupt()])
def test_failures_are_one_warning_and_change_no_bit(
    where: str,
    error: BaseException,
    tracker: Callable[..., Any],
    tiny_spec: ExperimentSpec,
    results: Callable[[Path], dict[str, str]],
    tmp_path: Path,
) -> None:
    spec = tiny_spec.with_(replicates=1, prune={"levels": 1}, train={"length": "10st", "record_every": "5st"})
    plain = run(spec, tmp_path / "plain").path
    watcher, warnings = tracker(broken(where, error))
    path = tracked(spec, tmp_path / "tracked", watcher)
    assert results(path) == results(plain)
    assert path.name == plain.name
    assert (path / "spec.yaml").read_text() == (plain / "spec.yaml").read_text()
    assert len(warnings) == 1
    assert warnings[0].startswith(f"tracker test is left out from here on ({type(error).__name__}")
    assert "\n" not in warnings[0]


def test_a_tracker_that_hangs_is_left_behind(
    tracker: Callable[..., Any], tiny_spec: ExperimentSpec, tmp_path: Path
) -> None:
    never = threading.Event()

    def hang(self: Sink, job: TrackedJob) -> None:
        never.wait()

    watcher, warnings = tracker(type("Hanging", (Notebook,), {"job": hang}), patience=0.05)
    path = tracked(tiny_spec.with_(replicates=1), tmp_path, watcher)
    never.set()
    assert len(warnings) == 1
    assert "takes longer than" in warnings[0]
    assert len(open_run(path).jobs) == 5


def test_failed_jobs_are_shown_as_failed(
    tracker: Callable[..., Any], tiny_spec: ExperimentSpec, tmp_path: Path
) -> None:
    watcher, warnings = tracker()
    spec = tiny_spec.with_(replicates=1, train={"lr": 1e30, "optimiser": "sgd"}, network={"activation": "relu"})
    outcome = run(spec, tmp_path, listener=watcher)
    watcher.finish(outcome.path)
    assert outcome.failed
    (job,) = MADE[0].jobs
    assert job.settings["status"] == "failed"
    assert job.summary == {"density": 1.0, "seconds": job.info.seconds}
    assert warnings == []


def test_mistakes_are_told_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TombolaError, match=r"unknown tracker 'tensorbord' .did you mean 'tensorboard'"):
        make_trackers(["tensorbord"], print)
    monkeypatch.setitem(sinks._items, "absent", SinkKind(Notebook, "surely_not_there"))
    with pytest.raises(TombolaError, match=r"--track absent needs surely_not_there: pip install 'tombola.track.'"):
        make_trackers(["absent"], print)
    monkeypatch.setitem(sinks._items, "test", SinkKind(Notebook, "json"))
    assert len(make_trackers(["test", "test"], print)) == 1


def test_tensorboard_has_curves_levels_settings_and_the_table(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the track extra is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    warnings: list[str] = []
    path = tracked(tiny_spec, tmp_path, Tracker("tensorboard", warnings.append))
    assert warnings == []

    def read(name: str) -> Any:
        return EventAccumulator(str(path / "tracking/tensorboard" / name)).Reload()

    opened = open_run(path)
    for job, info in opened.jobs.items():
        records = read_records(opened.folder.job(job))
        shown = "ticket" if job.control == "none" else f"{job.control}-{job.repetition}"
        events = read(f"replicate-{job.replicate}/level-{job.level:02d}/{shown}")
        curve = events.Scalars("records/val_accuracy")
        assert [event.step for event in curve] == records.step.tolist()
        assert [event.value for event in curve] == pytest.approx(records.val_accuracy.tolist(), rel=1e-6)
        assert [event.step for event in events.Scalars("records/train_loss")] == records.step[1:].tolist()
        assert events.Scalars("early_stop/density")[0].value == pytest.approx(info.density)
        assert "_hparams_/experiment" in events.summary_metadata
    densities = read("summary/replicate-1/ticket").Scalars("levels/density")
    assert [event.step for event in densities] == [0, 1, 2]
    assert [event.value for event in densities] == pytest.approx(opened.density.sel(replicate=1).values.tolist())
    text = read("summary").Tensors("early stop/text_summary")[0].tensor_proto.string_val[0].decode()
    assert len(text.splitlines()) == 2 + len(opened.jobs)


def wandb_records(path: Path) -> Iterator[Any]:
    """Yield what an offline file of Weights & Biases holds: protocol buffers in a log of 32 kB blocks."""
    from wandb.proto import wandb_internal_pb2

    content, place, whole = path.read_bytes(), 7, b""
    while place < len(content):
        if (left := 32768 - place % 32768) < 7:
            place += left
            continue
        _, size, kind = struct.unpack("<IHB", content[place : place + 7])
        whole += content[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            whole = b""
            yield record


def test_weights_and_biases_has_records_and_summaries(
    tiny_spec: ExperimentSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    import socket

    pytest.importorskip("wandb", reason="the track extra is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    warnings: list[str] = []
    spec = tiny_spec.with_(replicates=1, prune={"levels": 1})
    path = tracked(spec, tmp_path, Tracker("wandb", warnings.append))
    assert warnings == []
    opened = open_run(path)
    found = {}
    for file in (path / "tracking/wandb").glob("offline-run-*/*.wandb"):
        records = list(wandb_records(file))
        (head,) = [record.run for record in records if record.WhichOneof("record_type") == "run"]
        assert (head.project, head.run_group) == ("tombola", path.name)
        history = [record.history for record in records if record.WhichOneof("record_type") == "history"]
        found[head.display_name] = [
            {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in row.item} for row in history
        ]
        assert socket.gethostname() not in head.host
        assert str(tmp_path).encode() not in file.read_bytes()
    names = ["level-00/ticket", "level-01/ticket", "level-01/reinit-0"]
    assert set(found) == {*(f"replicate-0/{name}" for name in names), "summary"}
    expected = read_records(opened.folder.job(next(iter(opened.jobs))))
    rows = found["replicate-0/level-00/ticket"]
    assert [row["_step"] for row in rows] == expected.step.tolist()
    assert [row["val_loss"] for row in rows] == expected.val_loss.tolist()
    assert found["summary"][0]["early_stop_table/nrows"] == 3

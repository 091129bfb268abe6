"""Runs whose trainings end by a convergence rule: what they keep, and that nothing disturbs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.records import EPOCH_MEASURES
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run, open_run
from tombola.store.jobs import read_info, read_records

Results = Callable[[Path], dict[str, str]]

RULE = {"rule": "relative", "delta": 0.05, "patience": 2}
CHANGES = {
    "train": {"epochs": 9, "record_every": "1ep", "converge": RULE},
    "prune": {"levels": 2},
    "controls": ["reinit:1"],
}


@pytest.fixture(scope="module")
def spec() -> ExperimentSpec:
    return resolve("lenet-digits", changes=CHANGES)


@pytest.fixture(scope="module")
def whole(spec: ExperimentSpec, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(run(spec, tmp_path_factory.mktemp("whole")).path)


def test_jobs_say_how_training_ended_and_what_its_weights_reach(whole: Run) -> None:
    assert {info.status for info in whole.jobs.values()} == {"done"}
    epochs = set()
    for job, info in whole.jobs.items():
        found, records = info.convergence, read_records(whole.folder.job(job))
        best = records.early_stop()
        assert found["stop_reason"] in ("converged", "length")
        assert found["epochs"] == len(records.step) - 1
        assert best == found["best_epoch"] + 1
        assert info.early_stop_step == records.step[best]
        assert records.test_accuracy[best] == found["restored"]["test"]["accuracy"]
        assert found["restored"]["train"]["n"] == 1297
        assert found["before"]["test"]["correct"] == round(records.test_accuracy[0] * 300)
        epochs.add(found["epochs"])
    assert len(epochs) > 1, "some trainings end before others"


def test_what_is_handed_on_are_the_restored_weights(whole: Run) -> None:
    for job in whole.jobs:
        ticket = whole.ticket(*job)
        assert all((ticket.trained[name] == ticket.early_stop[name]).all() for name in ticket.trained)


def test_tables_speak_of_the_restored_weights(whole: Run) -> None:
    for row in whole.early_stop_table().itertuples():
        found = whole.jobs[row.replicate, row.level, row.control, row.repetition].convergence["restored"]
        assert row.test_accuracy == found["test"]["accuracy"]
    records = whole.records
    assert set(EPOCH_MEASURES) <= set(records.data_vars)
    done = np.isfinite(records.train_loss)
    assert (np.isfinite(records.train_accuracy) == done).all()


def test_a_run_without_a_rule_says_nothing_of_it(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    plain = open_run(run(tiny_spec, tmp_path).path)
    assert {repr(info.convergence) for info in plain.jobs.values()} == {"{}"}
    assert not set(EPOCH_MEASURES) & set(plain.records.data_vars)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigkill_and_resume_give_the_same_bits(workers: str, whole: Run, tmp_path: Path, results: Results) -> None:
    spec_file = whole.path / "spec.yaml"
    command = [sys.executable, "-m", "tombola.cli.main", "run", "--spec", str(spec_file), "--quiet"]
    process = subprocess.Popen([*command, "--out", str(tmp_path), "--workers", workers], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*/jobs/*/*/*/*/job.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    folder = next(tmp_path.glob("lenet-digits-*"))
    assert main(["resume", str(folder), "--workers", "1", "--quiet"]) == 0
    assert results(folder) == results(whole.path)
    for job, info in whole.jobs.items():
        again = read_info(folder / "jobs" / job.path).convergence
        assert {**again, "epoch_seconds": []} == {**info.convergence, "epoch_seconds": []}

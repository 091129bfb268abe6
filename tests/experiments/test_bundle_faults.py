"""What goes wrong with one job of a bundle stays with it."""

import errno
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import ControlContext, Trial, controls, run
from tombola.pruning import ScoreContext, scores
from tombola.specs import ExperimentSpec
from tombola.store import JobId, open_run
from tombola.store.jobs import JobInfo
from tombola.training import StackedEngine

Results = Callable[[Path], dict[str, str]]


def test_a_job_that_diverges_fails_alone(stacked: ExperimentSpec, tmp_path: Path, results: Results) -> None:
    @controls.register("test-nan")
    def diverging(context: ControlContext) -> Trial:
        state = context.fresh_state()
        if context.replicate == context.repetition == 1:
            state["output.bias"][0] = float("nan")
        return context.anew(state)

    try:
        spec = stacked.with_(controls=["reinit:2", "test-nan:2"])
        outcome = run(spec, tmp_path / "nan")
    finally:
        controls._items.pop("test-nan")
    assert [info.id for info in outcome.failed] == [JobId(1, 1, "test-nan", 1), JobId(1, 2, "test-nan", 1)]
    assert all("the training loss became nan" in info.reason for info in outcome.failed)
    assert not outcome.lost
    assert outcome.blocked == 0
    without = results(run(stacked.with_(controls=["reinit:2"]), tmp_path / "without").path)
    assert without.items() <= results(outcome.path).items()


def test_a_trial_that_cannot_be_made_or_breaks_takes_no_other_job_with_it(
    stacked: ExperimentSpec, tmp_path: Path
) -> None:
    @scores.register("test-first-breaks")
    def broken(context: ScoreContext) -> dict[str, torch.Tensor]:
        weights = {layer.name: context.final[layer.name] for layer in context.layers}
        if float(weights["output.weight"][0, 0]) == breaking[0]:
            if breaking[1]:
                raise MemoryError("no more")
            return {name: torch.full_like(weight, float("nan")) for name, weight in weights.items()}
        return {name: weight.abs() for name, weight in weights.items()}

    breaking = (0.0, False)
    spec = stacked.with_(prune={"score": "test-first-breaks", "levels": 1}, controls=[])
    try:
        whole = open_run(run(spec, tmp_path / "whole").path)
        breaking = (float(whole.ticket(0, 0).trained["output.weight"][0, 0]), False)
        outcome = run(spec, tmp_path / "failed")
        assert [info.id for info in outcome.failed] == [JobId(0, 1)]
        assert "score" in outcome.failed[0].reason
        assert outcome.trained == 4
        breaking = (breaking[0], True)
        outcome = run(spec, tmp_path / "lost")
        assert [event.job for event in outcome.lost] == [JobId(0, 1)]
        assert outcome.trained == 3
    finally:
        scores._items.pop("test-first-breaks")


class Picky(StackedEngine):
    """Runs out of memory for more than two networks, and whenever it sees one of a replicate."""

    poison: int | None = None

    def fit(self, tasks, *args, **options):  # type: ignore[no-untyped-def]
        if len(tasks) > 2 or self.poison in {task.replicate for task in tasks}:
            raise MemoryError("too many")
        return super().fit(tasks, *args, **options)


def test_what_breaks_together_is_tried_in_halves(
    stacked: ExperimentSpec, tmp_path: Path, results: Results, engine: Callable[[StackedEngine], None]
) -> None:
    wanted = results(run(stacked, tmp_path / "wanted").path)
    engine(Picky())
    outcome = run(stacked, tmp_path / "picky")
    assert outcome.complete
    assert results(outcome.path) == wanted
    assert "jobs broke off and are tried in halves: Traceback" in (outcome.path / "log.txt").read_text()


def test_a_job_that_always_breaks_is_lost_alone(
    stacked: ExperimentSpec, tmp_path: Path, results: Results, engine: Callable[[StackedEngine], None]
) -> None:
    spec = stacked.with_(replicates=5, prune={"levels": 0}, controls=[])
    wanted = results(run(spec, tmp_path / "wanted").path)

    class Poisoned(Picky):
        poison = 3

    engine(Poisoned())
    outcome = run(spec, tmp_path / "poisoned")
    assert [event.job for event in outcome.lost] == [JobId(3, 0)]
    assert results(outcome.path) == {name: bits for name, bits in wanted.items() if "jobs/3/" not in name}


def test_jobs_are_published_one_by_one(
    stacked: ExperimentSpec, tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full after two of four jobs of a bundle keeps these two."""
    import tombola.store.publishing as publishing

    spec = stacked.with_(replicates=4, prune={"levels": 1}, controls=[])
    wanted = results(run(spec, tmp_path / "wanted").path)
    real, calls = publishing.save_state, []

    def full(*args: object) -> None:
        calls.append(args)
        if len(calls) > 6:  # three states of a dense level
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "save_state", full)
    with pytest.raises(TombolaError, match="the disk is full"):
        run(spec, tmp_path / "full")
    monkeypatch.undo()
    assert sorted(path.parent.name for path in (tmp_path / "full").glob("*/jobs/*/0")) == ["0", "1"]
    outcome = run(spec, tmp_path / "full")
    assert outcome.trained == 6
    assert results(outcome.path) == wanted


def test_a_result_that_cannot_be_written_down_is_lost_alone(
    stacked: ExperimentSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tombola.experiments import execute

    real = execute.publish_trained

    def faulty(job, *args):  # type: ignore[no-untyped-def]
        if job.id.replicate == 1:
            raise ValueError("a bug")
        info: JobInfo = real(job, *args)
        return info

    monkeypatch.setattr(execute, "publish_trained", faulty)
    outcome = run(stacked.with_(replicates=3, prune={"levels": 0}, controls=[]), tmp_path)
    assert [(event.job, "ValueError: a bug" in event.reason) for event in outcome.lost] == [(JobId(1, 0), True)]
    assert outcome.trained == 2


def test_a_kill_in_the_middle_of_a_bundle_loses_what_is_not_published(
    tiny_spec: ExperimentSpec, tmp_path: Path, results: Results
) -> None:
    """The process dies as it publishes the third job of a bundle of four."""
    spec = tiny_spec.with_(engine={"kind": "stacked"}, replicates=4, prune={"levels": 1})
    command = [sys.executable, "-c", DYING, json.dumps(spec.resolved()), str(tmp_path / "killed")]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    folder = next((tmp_path / "killed").glob("lenet-digits-*"))
    assert len(list(folder.glob("jobs/*/0/none/0/job.json"))) == 2
    assert len(list(folder.glob(".building/*"))) == 1
    outcome = run(spec, tmp_path / "killed")
    assert outcome.trained == 12 - 2
    assert results(folder) == results(run(spec, tmp_path / "whole").path)
    assert list(folder.glob(".building/*")) == []


DYING = """
import json, os, signal, sys
import tombola.store.publishing as publishing
from tombola.experiments import run
from tombola.specs.resolve import validate

real, saved = publishing.save_state, []

def save_state(*arguments):
    saved.append(real(*arguments))
    if len(saved) == 6:
        os.kill(os.getpid(), signal.SIGKILL)

publishing.save_state = save_state
run(validate(json.loads(sys.argv[1])), sys.argv[2])
"""

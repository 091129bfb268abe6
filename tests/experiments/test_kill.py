"""Real signals to real processes: nothing finished is lost, nothing half-finished counts."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tombola.cli.main import main
from tombola.experiments import run
from tombola.specs import ExperimentSpec
from tombola.store.jobs import read_info

Results = Callable[[Path], dict[str, str]]

ARGUMENTS = ["lenet-digits", "--train.steps", "60", "--train.record_every", "5", "--prune.levels", "2", "--quiet"]

LONG = "100000"
"""Steps of a training that no machine finishes before the signal comes."""


def start(out: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tombola.cli.main", "run", *ARGUMENTS, "--out", str(out), *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=listen_to_ctrl_c
    )


def listen_to_ctrl_c() -> None:
    """Undo what shells do to background processes: a suite started with & passes on that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_log(out: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not list(out.glob("*/log.txt")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)


def wait_for_job(out: Path, process: subprocess.Popen[bytes], jobs: int = 1) -> None:
    deadline = time.monotonic() + 60
    while (
        len(list(out.glob("*/jobs/*/*/*/*/job.json"))) < jobs and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.01)


@pytest.fixture(scope="module")
def finish(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Run the experiment with an engine, undisturbed, once."""

    @cache
    def go(engine: str) -> Path:
        out = tmp_path_factory.mktemp("undisturbed")
        assert main(["run", *ARGUMENTS, "--engine.kind", engine, "--out", str(out), "--workers", "1"]) == 0
        return next(out.glob("lenet-digits-*"))

    return go


@pytest.mark.parametrize(("engine", "workers"), [("dense", "1"), ("dense", "2"), ("stacked", "1"), ("sparse", "2")])
def test_sigkill_and_resume_give_the_same_bits(
    engine: str, workers: str, tmp_path: Path, finish: Callable[[str], Path], results: Results
) -> None:
    undisturbed = finish(engine)
    chance = random.Random(f"{engine} {workers}")
    for _ in range(2):
        process = start(tmp_path, "--workers", workers, "--engine.kind", engine)
        wait_for_job(tmp_path, process)
        time.sleep(chance.uniform(0, 0.3))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    folder = next(tmp_path.glob("lenet-digits-*"))
    decided = (folder / "engine.json").read_bytes()
    assert decided == (undisturbed / "engine.json").read_bytes()
    assert main(["resume", str(folder), "--workers", "1", "--quiet"]) == 0
    assert results(folder) == results(undisturbed)
    assert (folder / "engine.json").read_bytes() == decided
    assert not (folder / ".building").exists() or not list((folder / ".building").iterdir())


def test_killing_the_main_process_alone_ends_its_workers(tmp_path: Path) -> None:
    process = start(tmp_path, "--workers", "2", "--train.steps", LONG)
    wait_for_log(tmp_path, process)
    time.sleep(4)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(process.pid) == []


def _alive(group: int) -> list[str]:
    found = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-g", str(group)], capture_output=True, text=True, check=False
    ).stdout
    return [line for line in found.splitlines() if "Z" not in line]


@pytest.mark.parametrize(
    ("number", "code", "seconds"), [(signal.SIGINT, 130, 0.5), (signal.SIGINT, 130, 4.0), (signal.SIGTERM, 143, 4.0)]
)
def test_interrupting_says_how_to_go_on(number: signal.Signals, code: int, seconds: float, tmp_path: Path) -> None:
    process = start(tmp_path, "--workers", "2", "--train.steps", LONG)
    wait_for_log(tmp_path, process)
    time.sleep(seconds)  # half a second on, workers are still at their imports
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert b"tombola resume" in said
    assert b"Traceback" not in said
    assert list(tmp_path.glob("*/.building/*")) == []


@pytest.mark.parametrize("engine", ["dense", "stacked"])
def test_a_killed_worker_takes_only_its_attempt_with_it(
    engine: str, tiny_spec: ExperimentSpec, tmp_path: Path, results: Results
) -> None:
    from tombola.experiments.events import Event, JobProgress
    from tombola.experiments.executors.processes import ProcessExecutor

    killed: list[int] = []
    made: list[ProcessExecutor] = []
    original = ProcessExecutor.__init__

    def remember(self: ProcessExecutor, *args: object) -> None:
        original(self, *args)  # type: ignore[arg-type]
        made.append(self)

    def kill_one(event: Event) -> None:
        if isinstance(event, JobProgress) and not killed:
            killed.append(made[0].processes[0])
            os.kill(killed[0], signal.SIGKILL)

    patch = pytest.MonkeyPatch()
    patch.setattr(ProcessExecutor, "__init__", remember)
    try:
        spec = tiny_spec.with_(engine={"kind": engine}, replicates=3)
        outcome = run(spec, tmp_path / "killed", workers=2, listener=kill_one)
    finally:
        patch.undo()
    assert killed
    assert outcome.complete
    assert results(outcome.path) == results(run(spec, tmp_path / "whole").path)


def test_two_writers(tmp_path: Path) -> None:
    first = start(tmp_path, "--workers", "1", "--train.steps", LONG)
    wait_for_log(tmp_path, first)
    second = start(tmp_path, "--workers", "1", "--train.steps", LONG)
    _, said = second.communicate(timeout=60)
    first.kill()
    first.communicate()
    assert second.returncode == 2
    assert b"another process is writing" in said
    assert said.count(b"\n") == 1


def test_jobs_say_what_they_rest_on(finish: Callable[[str], Path]) -> None:
    info = read_info(finish("dense") / "jobs/0/2/reinit/0")
    assert info.parent == "0/2/none/0"
    assert info.versions.keys() == {"tombola", "torch"}
    assert info.threads == 1

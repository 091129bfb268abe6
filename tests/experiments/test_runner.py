from pathlib import Path

from tombola.experiments import run
from tombola.experiments.events import Event, JobFinished, JobProgress, JobStarted, RunEstimated, RunStarted
from tombola.experiments.workers import worker_count
from tombola.specs import ExperimentSpec


def test_events_tell_the_whole_story(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    told: list[Event] = []
    outcome = run(tiny_spec, tmp_path, listener=told.append)
    assert isinstance(told[0], RunEstimated)
    assert told[1] == RunStarted(outcome.path, 10, 10, 300, 1)
    begun = [event for event in told if isinstance(event, JobStarted)]
    ended = [event for event in told if isinstance(event, JobFinished)]
    assert [event.job for event in begun] == [event.job for event in ended]
    assert {event.density for event in begun if event.job.level == 0} == {1.0}
    assert all((event.first_step, event.last_step) == (0, 30) for event in begun)
    steps = [event.progress.step for event in told if isinstance(event, JobProgress) and event.job == begun[0].job]
    assert steps == [0, 10, 20, 30]


def test_tickets_run_before_controls_of_deeper_levels(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    # further levels wait for tickets only, so tickets are the critical path
    told: list[Event] = []
    run(tiny_spec, tmp_path, listener=told.append)
    order = [event.job.control for event in told if isinstance(event, JobStarted)]
    assert order == ["none"] * 6 + ["reinit"] * 4


def test_the_log_says_what_happened(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    path = run(tiny_spec, tmp_path).path
    lines = (path / "log.txt").read_text().splitlines()
    assert sum("done, density" in line for line in lines) == 10
    # playground.md 13.3: sizes of the loaders
    assert any("train 1297 samples in 21 batches, validation 200, test 300" in line for line in lines)
    assert all(line[:2] == "20" or line.startswith("    ") for line in lines)


def test_the_environment_is_recorded(tiny_spec: ExperimentSpec, tmp_path: Path) -> None:
    from tombola.store import open_run

    environment = open_run(run(tiny_spec, tmp_path).path).environment
    assert environment["packages"]["torch"]
    assert environment["processor"]
    assert environment["data"]["train"] == 1297
    assert len(environment["data"]["split_digest"]) == 64


def test_workers_follow_cores_threads_and_jobs() -> None:
    assert worker_count(3, 10, 1) == 3
    assert worker_count(3, 2, 1) == 2
    assert worker_count(None, 1000, 10**6) == 1
    assert worker_count(None, 1, 1) == 1

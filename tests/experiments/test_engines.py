"""The choice of engines: by predictions that are made up here, fixed once it is made."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tombola.errors import TombolaError
from tombola.experiments import forecast, preview, run
from tombola.experiments.engines import EngineChoice
from tombola.experiments.events import Event, KernelsCompiled
from tombola.experiments.forecast import Forecast, cheaper
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec
from tombola.store import open_run
from tombola.training.cost import Prediction

Predict = Callable[[dict[int, tuple[float, float]]], None]


def predictions(figures: dict[int, tuple[float, float]]) -> dict[int, dict[str, Prediction]]:
    return {
        level: {"dense": Prediction(dense, dense / 10), "sparse": Prediction(sparse, sparse / 20)}
        for level, (dense, sparse) in figures.items()
    }


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> Predict:
    """Make every experiment long enough for a choice, and say what engines are predicted to take."""
    monkeypatch.setattr(forecast, "SHORT", 0.0)
    monkeypatch.setattr(forecast, "ready_kernels", lambda listener: None)

    def say(figures: dict[int, tuple[float, float]]) -> None:
        monkeypatch.setattr(forecast, "predict", lambda question, threads, measure: Forecast(predictions(figures)))

    return say


@pytest.fixture
def unmeasurable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to measure or to compile fails the test."""

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("nothing may be measured or compiled here")

    for name in ("cost_model", "compile_kernels"):
        monkeypatch.setattr(forecast, name, fail)


def chosen(path: Path) -> dict[str, str]:
    levels: dict[str, str] = json.loads((path / "engine.json").read_text())["levels"]
    return levels


def test_the_shorter_step_wins_and_ties_are_dense() -> None:
    figures = predictions({0: (1.0, 1.5), 1: (1.0, 1.0), 2: (1.0, 0.9), 3: (1.0, 0.1)})
    assert cheaper(figures) == {0: "dense", 1: "dense", 2: "sparse", 3: "sparse"}


def test_short_experiments_are_dense_without_measuring(
    tiny_spec: ExperimentSpec, tmp_path: Path, unmeasurable: None
) -> None:
    path = run(tiny_spec, tmp_path).path
    assert chosen(path) == {"0": "dense", "1": "dense", "2": "dense"}
    assert "too short for a choice to pay" in (path / "log.txt").read_text()


def test_an_engine_that_is_named_bypasses_the_choice(
    tiny_spec: ExperimentSpec, tmp_path: Path, unmeasurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "SHORT", 0.0)
    named = tiny_spec.with_(engine={"kind": "dense"})
    assert set(preview(named, tmp_path).plan.engines.levels.values()) == {"dense"}
    with pytest.raises(TombolaError, match="unknown engine"):
        preview(tiny_spec.with_(engine={"kind": "spars"}), tmp_path)


def test_networks_without_sparse_kernels_are_dense_and_the_log_says_why(
    tiny_spec: ExperimentSpec, tmp_path: Path, unmeasurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "SHORT", 0.0)
    path = run(tiny_spec.with_(train={"precision": "bf16"}), tmp_path).path
    assert set(chosen(path).values()) == {"dense"}
    assert "float32, not in bf16" in (path / "log.txt").read_text()


def test_mistakes_are_told_before_anything_is_measured(
    tiny_spec: ExperimentSpec, tmp_path: Path, unmeasurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "SHORT", 0.0)
    for wrong in ({"controls": ["reinitt:1"]}, {"train": {"record_every": "999st"}}, {"prune": {"procedure": "x"}}):
        with pytest.raises(TombolaError):
            run(tiny_spec.with_(**wrong), tmp_path)


def test_each_level_is_trained_by_its_engine_and_the_log_tells_predictions(
    tiny_spec: ExperimentSpec, tmp_path: Path, predicted: Predict
) -> None:
    predicted({0: (1.0, 2.0), 1: (1.0, 2.0), 2: (1.0, 0.5)})
    opened = open_run(run(tiny_spec, tmp_path).path)
    assert {(job.level, info.engine) for job, info in opened.jobs.items()} == {
        (0, "dense"),
        (1, "dense"),
        (2, "sparse"),
    }
    log = (opened.path / "log.txt").read_text()
    assert "level 2: engine sparse (predicted a step: dense 1 ms, sparse 0.5 ms)" in log
    assert "predict" not in (opened.path / "engine.json").read_text()


def test_the_choice_is_kept_whatever_is_predicted_later(
    tiny_spec: ExperimentSpec, tmp_path: Path, predicted: Predict
) -> None:
    predicted({0: (1.0, 2.0), 1: (1.0, 0.5), 2: (1.0, 0.5)})
    path = run(tiny_spec, tmp_path).path
    before = {job: info.key for job, info in open_run(path).jobs.items()}
    predicted(dict.fromkeys(range(4), (1.0, 2.0)))
    assert run(tiny_spec, tmp_path).trained == 0
    grown = run(tiny_spec.with_(prune={"levels": 3}, replicates=3), tmp_path)
    assert grown.path == path
    assert grown.complete
    assert chosen(path) == {"0": "dense", "1": "sparse", "2": "sparse", "3": "dense"}
    jobs = open_run(path).jobs
    assert {job: jobs[job].key for job in before} == before
    assert {info.engine for job, info in jobs.items() if job.level == 3} == {"dense"}
    assert {info.engine for job, info in jobs.items() if job.level == 2} == {"sparse"}


def test_a_finished_run_measures_nothing(
    tiny_spec: ExperimentSpec, tmp_path: Path, predicted: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted(dict.fromkeys(range(3), (2.0, 1.0)))
    run(tiny_spec, tmp_path)

    def measure(*arguments: object, measure: bool) -> Forecast:
        assert not measure
        return Forecast()

    monkeypatch.setattr(forecast, "compile_kernels", measure)
    monkeypatch.setattr("tombola.experiments.engines.choose", measure)
    monkeypatch.setattr("tombola.experiments.engines.predict", measure)
    assert run(tiny_spec, tmp_path).trained == 0
    assert preview(tiny_spec, tmp_path).pending == ()


def test_sparse_levels_are_estimated_to_take_less(
    tiny_spec: ExperimentSpec, tmp_path: Path, predicted: Predict
) -> None:
    spec = tiny_spec.with_(train={"length": "3000st"})
    predicted(dict.fromkeys(range(3), (1.0, 2.0)))
    dense = preview(spec, tmp_path).seconds
    predicted(dict.fromkeys(range(3), (1.0, 0.01)))
    assert preview(spec, tmp_path).seconds < dense / 5


def test_compiling_is_told_before_it_begins_and_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    monkeypatch.setattr(forecast, "kernels_are_compiled", lambda: False)
    monkeypatch.setattr(forecast, "compile_kernels", lambda: 7.5)
    assert forecast.ready_kernels(told.append) == 7.5
    assert told == [KernelsCompiled(None), KernelsCompiled(7.5)]
    monkeypatch.setattr(forecast, "kernels_are_compiled", lambda: True)
    assert forecast.ready_kernels(told.append) is None
    assert len(told) == 2


@pytest.mark.parametrize("name", ["dense", "sparse", "stacked"])
def test_a_named_engine_stays_when_a_run_is_resumed_and_grows(
    name: str, tiny_spec: ExperimentSpec, tmp_path: Path, results: Callable[[Path], dict[str, str]]
) -> None:
    spec = tiny_spec.with_(engine={"kind": name})
    small = spec.with_(replicates=1, prune={"levels": 1}, controls=[])
    path = run(small, tmp_path).path
    before = json.loads((path / "engine.json").read_text())
    assert before["levels"] == {"0": name, "1": name}
    shutil.rmtree(path / "jobs/0/1")
    assert run(small, tmp_path).trained == 1
    assert json.loads((path / "engine.json").read_text()) == before
    assert run(spec, tmp_path).path == path
    after = json.loads((path / "engine.json").read_text())
    assert after == before | {"levels": before["levels"] | {"2": name}}
    assert {info.engine for info in open_run(path).jobs.values()} == {name}
    assert results(path) == results(run(spec, tmp_path / "at once").path)


def test_levels_of_several_engines_are_trained_by_them(
    tiny_spec: ExperimentSpec, tmp_path: Path, results: Callable[[Path], dict[str, str]]
) -> None:
    def recorded(out: Path) -> Path:
        plan = make_plan(tiny_spec, out)
        EngineChoice(levels={0: "dense", 1: "stacked", 2: "dense"}).write(plan.folder)
        outcome = run(tiny_spec, out, workers=1 + (out.name == "two"))
        assert outcome.complete
        return outcome.path

    one, two = recorded(tmp_path / "one"), recorded(tmp_path / "two")
    jobs = open_run(one).jobs
    assert {(job.level, info.engine) for job, info in jobs.items()} == {(0, "dense"), (1, "stacked"), (2, "dense")}
    assert results(one) == results(two)
    log = (one / "log.txt").read_text()
    assert "2 jobs train together, from replicate 0, level 1 to replicate 1, level 1" in log
    assert "from replicate 0, level 2 " not in log

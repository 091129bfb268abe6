"""Procedures: what every one must do, and what makes one-shot pruning the same experiment as iterative pruning."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tombola.experiments import Job, job_graph, preview, procedures, run
from tombola.experiments.engines import EngineChoice
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, open_run

Results = Callable[[Path], dict[str, str]]
DENSE = EngineChoice(levels=dict.fromkeys(range(9), "dense"))
SHORT = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    "train": {"steps": 15, "record_every": 5, "lr": 0.01},
    "replicates": 1,
    "controls": ["reinit:1"],
}


def spec_of(procedure: str, **changes: object) -> ExperimentSpec:
    levels = {} if procedure == "dense" else {"levels": 3}
    return resolve("lenet-digits", changes=SHORT | {"prune": {"procedure": procedure, **levels}} | changes)


def graph(spec: ExperimentSpec) -> dict[JobId, Job]:
    return job_graph(spec, DENSE, {})


LEVELLED = [name for name in procedures if procedures[name].refuses(spec_of(name)) is None]
"""All but those of one level or of linear layers only, which have tests of their own."""


@pytest.mark.parametrize("procedure", LEVELLED)
def test_conformance(procedure: str, execute: Callable[..., Run], results: Results, tmp_path: Path) -> None:
    """Complete, of the planned counts, nested, growing bit by bit, and finished once."""
    spec = spec_of(procedure)
    opened = execute(spec)
    assert run(spec, tmp_path / "runs").trained == 0
    planned = preview(spec, tmp_path / "elsewhere").levels
    for level, plan in enumerate(planned):
        ticket = opened.ticket(0, level)
        assert ticket.mask.count == plan.total
        assert plan.remaining is None or ticket.mask.remaining() == plan.remaining
        if procedures[procedure].nested:
            assert ticket.mask.is_within(opened.ticket(0, max(level - 1, 0)).mask)
        assert ticket.provenance["procedure"] == (procedure if level else "dense")
    if spec.prune.levels:
        execute(spec.with_(prune={"levels": 1}), "grown")
        grown = execute(spec, "grown")
        assert results(grown.path) == results(opened.path)


def test_dense_trains_level_0_only(execute: Callable[..., Run], results: Results) -> None:
    dense, iterative = execute(spec_of("dense"), "dense"), execute(spec_of("iterative"), "iterative")
    assert set(dense.jobs) == {JobId(0, 0)}
    assert results(dense.path).items() <= results(iterative.path).items()


def test_levels_of_one_shot_need_the_dense_level_and_nothing_else() -> None:
    jobs = graph(spec_of("one-shot"))
    assert all(jobs[JobId(0, level)].needs == (JobId(0, 0),) for level in (1, 2, 3))
    iterative = graph(spec_of("iterative"))
    assert jobs[JobId(0, 0)].key == iterative[JobId(0, 0)].key
    assert len({job.key for job in jobs.values()}) == len(jobs)


def test_the_dense_level_is_trained_once_for_both(tmp_path: Path) -> None:
    # playground.md 6.5
    first = run(spec_of("iterative"), tmp_path)
    second = run(spec_of("one-shot"), tmp_path)
    assert (first.adopted, second.adopted) == (0, 1)
    assert second.trained == second.total - 1
    third = run(spec_of("iterative", prune={"levels": 1, "rewind": "lr"}, controls=[]), tmp_path)
    assert third.adopted == 1


def test_one_shot_ranks_the_trained_dense_network(execute: Callable[..., Run]) -> None:
    opened = execute(spec_of("one-shot"))
    iterative = execute(spec_of("iterative"))
    magnitudes = {name: value.abs() for name, value in opened.ticket(0, 0).trained.items()}
    for level in (1, 2, 3):
        ours, theirs = opened.ticket(0, level).mask, iterative.ticket(0, level).mask
        assert ours.remaining() == theirs.remaining()
        assert (ours == theirs) == (level == 1)
        for name, keep in ours.items():
            assert magnitudes[name][~keep].max() <= magnitudes[name][keep].min()


@pytest.mark.parametrize("prune", [{"allocation": "global"}, {"score": "random"}, {"counts": "legacy-half-rate"}])
def test_one_shot_masks_are_nested(prune: dict[str, object], execute: Callable[..., Run], tmp_path: Path) -> None:
    spec = spec_of("one-shot").with_(prune=prune, controls=[])
    opened = execute(spec)
    plans = preview(spec, tmp_path / "elsewhere").levels
    masks = [opened.ticket(0, level).mask for level in range(4)]
    assert [mask.count for mask in masks] == [plan.total for plan in plans]
    assert all(after.is_within(before) and after != before for before, after in pairwise(masks))


@pytest.mark.parametrize(
    ("procedure", "keep"), [("iterative", "masks"), ("one-shot", "early-stop"), ("one-shot", "masks")]
)
def test_what_is_kept_lets_the_run_grow(
    procedure: str, keep: str, execute: Callable[..., Run], results: Results
) -> None:
    spec = spec_of(procedure, store={"keep": keep}, controls=[]).with_(prune={"levels": 2})
    opened = execute(spec)
    kept = {path.parent.parent.parent.name for path in opened.path.rglob("trained.safetensors")}
    assert kept == {"2" if procedure == "iterative" else "0"}
    grown = execute(spec.with_(prune={"levels": 3}))
    assert results(grown.path) == results(execute(spec.with_(prune={"levels": 3}), "at once").path)


def test_finished_levels_are_taken_over_whatever_was_dropped(tmp_path: Path) -> None:
    spec = spec_of("one-shot", store={"keep": "early-stop"}, controls=[]).with_(prune={"levels": 2})
    run(spec, tmp_path)
    assert run(spec.with_(name="other"), tmp_path).trained == 0
    everything = run(spec.with_(name="all", store={"keep": "all"}), tmp_path)
    assert open_run(everything.path).ticket(0, 2).trained

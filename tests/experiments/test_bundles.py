"""Which jobs go to an engine together, and that it does not matter."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.experiments import run
from tombola.experiments.bundles import Bundle, Sharing, share_out
from tombola.experiments.events import Event, JobFinished, JobProgress, JobsBundled, JobStarted
from tombola.experiments.graph import Job
from tombola.experiments.plan import make_plan
from tombola.networks import build, layer_graph
from tombola.specs import ExperimentSpec
from tombola.store import JobId, open_run
from tombola.training import StackedEngine
from tombola.training.stacked.memory import network_bytes, shared_bytes

Results = Callable[[Path], dict[str, str]]
Bundling = Callable[[Sharing, Sequence[Job], int], list[Bundle]]


@pytest.fixture
def bundling(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bundling], None]:
    """Let jobs be bundled otherwise."""
    return lambda other: monkeypatch.setattr(Sharing, "bundles", other)


def job(number: int, level: int = 1) -> Job:
    return Job(JobId(number, level), f"{number}-{level}", None, ())


def one_by_one(self: Sharing, ready: Sequence[Job], free: int) -> list[Bundle]:
    return [(job,) for job in ready[:free]]


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5), st.integers(1, 4), st.integers(1, 40), st.booleans())
def test_everything_is_handed_out_once_as_even_as_can_be(
    dense: int, many: int, free: int, workers: int, most: int, one_lane: bool
) -> None:
    lanes = 1 if one_lane else workers
    sharing = Sharing(workers, lanes, {0: "dense", 1: "stacked"}, {"stacked": most})
    ready = [job(number, number % 2) for number in range(2 * min(dense, many))]
    ready += [job(number, int(many > dense)) for number in range(2 * min(dense, many), dense + many)]
    bundles = sharing.bundles(ready, free)
    handed = [job for bundle in bundles for job in bundle]
    assert len(bundles) <= free
    assert bool(bundles) == bool(ready and free)
    assert len(set(handed)) == len(handed)
    assert all(bundle == tuple(sorted(bundle, key=ready.index)) for bundle in bundles)
    share = min(most, -(-many // lanes)) if many else 1
    for bundle in bundles:
        assert len({job.id.level for job in bundle}) == 1
        assert len(bundle) <= (share if bundle[0].id.level else 1)
    if bundles and len(bundles) < free:  # workers were left over, so nobody waits
        assert set(handed) == set(ready)
    if not many:
        assert bundles == one_by_one(sharing, ready, free)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_bundles_do_not_matter(
    seed: int | None,
    stacked: ExperimentSpec,
    tmp_path: Path,
    results: Results,
    bundling: Callable[[Bundling], None],
) -> None:
    largest = max(len(event.jobs) for event in told(stacked, tmp_path / "all") if hasattr(event, "jobs"))
    assert largest == 2 * (1 + 2 + 1), "level 2, and all controls of level 1, of both replicates"
    chance = random.Random(seed)

    def subset(self: Sharing, ready: Sequence[Job], free: int) -> list[Bundle]:
        chosen = chance.sample(ready, chance.randint(1, len(ready))) if ready and free else []
        return [tuple(chosen)] if chosen else []

    bundling(one_by_one if seed is None else subset)
    other = run(stacked, tmp_path / "other")
    assert other.complete
    assert results(other.path) == results(next((tmp_path / "all").iterdir()))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_of_a_bundle_tells_its_own_story(workers: int, stacked: ExperimentSpec, tmp_path: Path) -> None:
    spec = stacked.with_(replicates=4, prune={"levels": 1}, controls=["dense-short"])
    events: list[Event] = []
    path = run(spec, tmp_path, workers=workers, listener=events.append).path
    for place, info in open_run(path).jobs.items():
        mine = [event for event in events if getattr(event, "job", None) == place]
        started, *progress, finished = mine
        assert isinstance(started, JobStarted)
        assert isinstance(finished, JobFinished)
        assert finished.info == info
        assert started.density == info.density
        steps = [event.progress.step for event in progress if isinstance(event, JobProgress)]
        losses = [event.progress.val_loss for event in progress if isinstance(event, JobProgress)]
        records = open_run(path).records.sel(replicate=place.replicate, level=place.level, control=place.control)
        assert steps == [started.first_step, *range(10, started.last_step, 10), started.last_step]
        np.testing.assert_array_equal(losses, records.val_loss.sel(repetition=0).dropna("record"))
    bundled = [len(event.jobs) for event in events if isinstance(event, JobsBundled)]
    assert max(bundled) == 4 // workers


def told(spec: ExperimentSpec, out: Path) -> list[object]:
    events: list[object] = []
    assert run(spec, out, listener=events.append).complete
    return events


def test_records_and_states_are_those_of_the_dense_engine(stacked: ExperimentSpec, tmp_path: Path) -> None:
    ours = open_run(run(stacked, tmp_path).path)
    dense = open_run(run(stacked.with_(engine={"kind": "dense"}), tmp_path).path)
    assert {info.engine for info in ours.jobs.values()} == {"stacked"}
    assert ours.records.equals(dense.records)
    for place, info in ours.jobs.items():
        assert info.early_stop_step == dense.jobs[place].early_stop_step
        for name in ("trained", "early_stop"):
            mine, other = (getattr(run.ticket(*place), name) for run in (ours, dense))
            assert all(torch.equal(mine[key], value) for key, value in other.items())


def test_together_agrees_with_one_by_one_within_tolerance(
    stacked: ExperimentSpec,
    tmp_path: Path,
    engine: Callable[[StackedEngine], None],
    bundling: Callable[[Bundling], None],
) -> None:
    engine(StackedEngine(arithmetic="together", convolution="grouped", capture=True))
    spec = stacked.with_(prune={"levels": 1}, controls=["reinit"])
    whole = open_run(run(spec, tmp_path / "whole").path)
    bundling(one_by_one)
    single = open_run(run(spec, tmp_path / "single").path)
    for name in ("train_loss", "val_loss"):
        np.testing.assert_allclose(whole.records[name], single.records[name], rtol=0, atol=1e-4)
    for place in whole.jobs:
        assert whole.ticket(*place).mask == single.ticket(*place).mask
        for key, value in single.ticket(*place).trained.items():
            torch.testing.assert_close(whole.ticket(*place).trained[key], value, rtol=0, atol=1e-4)


def test_bundles_are_as_large_as_memory_allows(
    stacked: ExperimentSpec, tmp_path: Path, engine: Callable[[StackedEngine], None]
) -> None:
    plan = make_plan(stacked, tmp_path)
    data = plan.load()

    def most(memory: int) -> int:
        engine(StackedEngine(memory=memory))
        return share_out(plan, data, 1, list(plan.jobs)).capacities.get("stacked", 1)

    module = build(stacked.network, data.input_shape, 10)
    graph = layer_graph(module, data.input_shape)
    each = network_bytes(graph, module.state_dict(), stacked.train)
    assert each > 8 * sum(parameter.nbytes for parameter in module.parameters())
    shared = shared_bytes(data, graph)
    assert shared > data.train.images.nbytes
    assert [most(shared + share * each // 2) for share in (0, 3, 4, 5, 20, 7)] == [1, 1, 2, 2, 10, 3]
    events = told(stacked, tmp_path)
    assert max(len(event.jobs) for event in events if hasattr(event, "jobs")) == 3
    log = next(tmp_path.glob("*/log.txt")).read_text()
    assert "ready jobs train together on cpu, in one worker, up to 3 at a time (more would not fit into memory)" in log
    for networks, share in ((3, {}), (7, {"stacked": 3})):  # both workers hold their share at a time
        engine(StackedEngine(memory=shared + networks * each))
        assert share_out(plan, data, 2, list(plan.jobs)) == Sharing(2, 2, plan.engines.levels, share, "cpu")


class Elsewhere(StackedEngine):
    """Pretends to be on a device that is not here."""

    def capacity(self, *arguments: object) -> int:
        return 40


def test_a_cuda_device_serves_one_worker_who_has_all(
    stacked: ExperimentSpec, tmp_path: Path, engine: Callable[[StackedEngine], None]
) -> None:
    plan = make_plan(stacked, tmp_path)
    data = plan.load()
    engine(Elsewhere())
    object.__setattr__(plan.engines, "device", "cuda:0")
    alone = share_out(plan, data, 4, list(plan.jobs))
    assert (alone.workers, alone.lanes, dict(alone.capacities)) == (1, 1, {"stacked": 40})
    plan.engines.levels[2] = "dense"
    mixed = share_out(plan, data, 4, list(plan.jobs))
    assert (mixed.workers, mixed.lanes) == (4, 1)
    ready = [job(0, 1), job(1, 2), job(2, 1), job(3, 2), job(4, 1)]
    assert mixed.bundles(ready, 2) == [(ready[0], ready[2], ready[4]), (ready[1],)]

"""Tickets of one run, trained on the data of another (signs reference, section 9)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import controls, run
from tombola.experiments.plan import make_plan
from tombola.interop.state_dict_safetensors import write_safetensors
from tombola.specs import ExperimentSpec, resolve
from tombola.specs.keys import job_key
from tombola.store import JobId, Run, open_run

BASE = {
    "network": {"family": "conv", "conv": ["4", "G"], "linear": [12]},
    "train": {"steps": 12, "record_every": 6, "lr": 0.01},
    "replicates": 2,
    "controls": [],
}
"""Global pooling takes images of any size: 8 x 8 digits and 28 x 28 ones."""


def found_on_digits(out: Path, **changes: Any) -> Run:
    spec = resolve("lenet-digits", changes=BASE | {"prune": {"levels": 3, **changes.pop("prune", {})}} | changes)
    return open_run(run(spec, out).path)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return found_on_digits(tmp_path_factory.mktemp("source"))


def onto(source: Run | Path, **changes: Any) -> ExperimentSpec:
    path = source.path if isinstance(source, Run) else source
    prune = {"procedure": "transfer", "source": str(path), "source_levels": [1, 3], **changes.pop("prune", {})}
    data = {"name": "mnist-5k", "train": 600, "normalisation": "unit"}
    return resolve("lenet-digits", changes=BASE | {"name": "onto", "data": data, "prune": prune} | changes)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_tickets_start_as_they_began_in_their_source(source: Run, execute: Callable[..., Run]) -> None:
    there = execute(onto(source))
    assert {(job.replicate, job.level) for job in there.jobs} == {(r, level) for r in (0, 1) for level in (0, 1, 2)}
    for replicate in (0, 1):
        for level, origin in ((0, 0), (1, 1), (2, 3)):
            ticket, old = there.ticket(replicate, level), source.ticket(replicate, origin)
            assert there.jobs[JobId(replicate, level)].status == "done"
            assert same(ticket.initial, old.initial)
            assert ticket.mask == old.mask
            assert not same(ticket.trained, old.trained)
            assert ticket.provenance["source"]["key"] == old.info.key
            assert str(source.path) not in str(ticket.provenance)
    assert there.spec.prune.densities == (source.jobs[JobId(0, 1)].density, source.jobs[JobId(0, 3)].density)


def test_on_the_same_data_it_is_the_source_again(source: Run, execute: Callable[..., Run]) -> None:
    spec = source.spec.with_(name="again", prune={"procedure": "transfer", "source": str(source.path)})
    there = execute(spec)
    assert there.spec.prune.source_levels == (1, 2, 3)
    for job in source.jobs:
        assert same(there.ticket(*job).trained, source.ticket(*job).trained)


def test_a_finished_transfer_started_again_trains_nothing(
    source: Run, tmp_path: Path, results: Callable[[Path], dict[str, str]]
) -> None:
    first = run(onto(source), tmp_path)
    files = {path: path.stat().st_mtime_ns for path in first.path.rglob("jobs/**/*") if path.is_file()}
    shutil.rmtree(first.path / "jobs" / "1" / "2")
    again = run(open_run(first.path).spec, tmp_path)  # as `tombola resume` does, from the stored experiment
    assert again.path == first.path
    assert {path for path in files if path.exists() and path.stat().st_mtime_ns != files[path]} == {
        path for path in files if "/jobs/1/2/" in str(path)
    }
    more = run(onto(source, controls=["random:1"]), tmp_path)
    assert more.path == first.path


def test_keys_follow_the_sources_jobs_and_not_its_place(source: Run, tmp_path: Path) -> None:
    plan = make_plan(onto(source), tmp_path)
    moved = tmp_path / "elsewhere"
    shutil.copytree(source.path, moved)
    assert {job.key for job in make_plan(onto(moved), tmp_path).jobs.values()} == {
        job.key for job in plan.jobs.values()
    }
    assert make_plan(onto(moved), tmp_path).folder.path == plan.folder.path
    other = found_on_digits(tmp_path / "other", seed=1)
    changed = make_plan(onto(other), tmp_path)
    assert changed.folder.path != plan.folder.path
    assert not {job.key for job in changed.jobs.values()} & {job.key for job in plan.jobs.values()}
    single = make_plan(onto(source, prune={"source_levels": [3]}), tmp_path)
    assert single.jobs[JobId(0, 0)].key == plan.jobs[JobId(0, 0)].key
    assert plan.jobs[JobId(0, 0)].key != job_key(plan.spec, None, replicate=0)


@pytest.mark.parametrize("name", ["reinit", "random", "shuffle-degrees", "magnitude-at-init", "shuffle-signs"])
def test_controls_of_transferred_tickets(name: str, source: Run, execute: Callable[..., Run]) -> None:
    there = execute(onto(source, controls=[name], replicates=1))
    control, ticket = there.ticket(0, 2, name), there.ticket(0, 2)
    assert there.jobs[JobId(0, 2, name)].status == "done"
    assert control.mask.remaining() == ticket.mask.remaining()
    if controls[name].resumes and name != "shuffle-signs":
        own = source.ticket(0, 0).initial
        assert all(torch.equal(control.initial[layer][keep], own[layer][keep]) for layer, keep in control.mask.items())


def test_late_rewound_tickets_keep_their_start(tmp_path: Path, execute: Callable[..., Run]) -> None:
    late = found_on_digits(tmp_path / "late", prune={"rewind": "step:4"}, replicates=1)
    there = execute(onto(late, replicates=1, controls=["reinit", "shuffle-layerwise"]))
    assert same(there.ticket(0, 2).initial, late.ticket(0, 3).initial)
    assert not same(there.ticket(0, 2).initial, there.ticket(0, 0).initial)
    assert there.jobs[JobId(0, 2, "reinit")].status == "done"
    refused = there.jobs[JobId(0, 2, "shuffle-layerwise")]
    assert refused.status == "failed"
    assert "did not start it from its dense network's initial weights" in str(refused.reason)


def test_what_a_source_began_with_pruned_stays_pruned(tmp_path: Path, source: Run, execute: Callable[..., Run]) -> None:
    ticket = source.ticket(0, 3)
    write_safetensors(tmp_path / "pruned.safetensors", ticket.trained, ticket.mask, {})
    network = {**BASE["network"], "weights": str(tmp_path / "pruned.safetensors")}
    pruned = found_on_digits(tmp_path / "runs", network=network, prune={"levels": 1, "rates": [8]}, replicates=1)
    there = execute(onto(pruned, prune={"source_levels": [1]}, replicates=1, controls=["shuffle-layerwise", "reinit"]))
    dense = there.ticket(0, 0)
    assert dense.mask == ticket.mask
    assert all(not bool(dense.trained[name][~keep].any()) for name, keep in ticket.mask.items())
    assert there.ticket(0, 1).mask.is_within(ticket.mask)
    assert "has no value of" in there.jobs[JobId(0, 1, "shuffle-layerwise")].reason
    assert there.jobs[JobId(0, 1, "reinit")].status == "done"


def test_tickets_that_kept_masks_only_are_made_again(tmp_path: Path, source: Run, execute: Callable[..., Run]) -> None:
    spare = found_on_digits(tmp_path / "spare", store={"keep": "masks"})
    there = execute(onto(spare))
    assert same(there.ticket(1, 2).initial, source.ticket(1, 3).initial)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prune": {"source": None}}, "it needs the folder of the run that tickets are taken from"),
        ({"prune": {"procedure": "iterative"}}, "source and source_levels are for procedure 'transfer'"),
        ({"prune": {"source": "no/such/run"}}, r"prune.source = 'no/such/run': "),
        ({"prune": {"source_levels": [4]}}, "no finished ticket of level 4 of replicate 0"),
        ({"replicates": 3}, "no finished dense network of replicate 2"),
        ({"prune": {"rewind": "step:2"}}, "leave it out"),
        ({"prune": {"densities": [0.5, 0.1]}}, "those of a transfer are its source's"),
        ({"network": {"family": "conv", "conv": ["4", "M"], "linear": [12]}}, r"'linear.0.weight' is shaped \[12, 4\]"),
        ({"network": {"family": "conv", "conv": ["4", "4", "G"], "linear": [12]}}, r"'conv.2.weight' is absent there"),
        ({"network": {**BASE["network"], "prunable": ["hidden"]}}, "network.prunable chooses other weights"),
        ({"network": {**BASE["network"], "weights": __file__}}, "network.weights is given; leave it out"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_trained(
    changes: dict[str, Any], message: str, source: Run, tmp_path: Path
) -> None:
    with pytest.raises(TombolaError, match=message):
        make_plan(onto(source, **changes), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.data
def test_colour_is_no_place_for_grey(source: Run, tmp_path: Path, data_root: Path) -> None:
    data = {"name": "svhn", "normalisation": "unit", "root": str(data_root)}
    with pytest.raises(
        TombolaError, match=r"'conv.0.weight' is shaped \[4, 1, 3, 3\] there and is shaped \[4, 3, 3, 3\]"
    ):
        make_plan(onto(source, data=data), tmp_path)

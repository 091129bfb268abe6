"""Controls that go on from level to level: random pruning, and the budget without pruning (section 4.7, defect B3)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import controls, job_graph, run
from tombola.experiments.engines import EngineChoice
from tombola.experiments.plan import make_plan
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, open_run
from tombola.store.jobs import read_records

CHAINS = [name for name in controls if controls[name].chains]
CONVERGE = {"rule": "absolute", "metric": "val_loss", "patience": 1}


def spec_of(**more: Any) -> ExperimentSpec:
    changes = {
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
        "train": {"epochs": 2, "record_every": "1ep", "lr": 0.02, "converge": CONVERGE},
        "prune": {"procedure": "gradual", "rates": "2 4", "finetune": "3ep"},
        "controls": ["random-pruning:2", "dense-budget"],
        "replicates": 2,
    }
    return resolve("lenet-digits", changes=changes).with_(**more)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(run(spec_of(), tmp_path_factory.mktemp("runs")).path)


def test_every_chain_is_tested_here() -> None:
    assert set(CHAINS) == {"random-pruning", "dense-budget"}


@pytest.mark.parametrize("name", CHAINS)
def test_each_level_goes_on_from_the_control_above(name: str, trained: Run) -> None:
    for replicate in range(2):
        for level in (1, 2):
            above = trained.ticket(replicate, level - 1, name if level > 1 else "none")
            here = trained.ticket(replicate, level, name)
            assert here.mask.is_within(above.mask)
            for tensor, value in here.initial.items():
                keep = here.mask[tensor] if tensor in here.mask else torch.ones(value.shape, dtype=torch.bool)
                assert torch.equal(value[keep], above.trained[tensor][keep]), tensor


def test_random_pruning_keeps_the_tickets_counts_at_other_places(trained: Run) -> None:
    for level in (1, 2):
        ticket = trained.ticket(0, level)
        drawn = [trained.ticket(0, level, "random-pruning", repetition).mask for repetition in (0, 1)]
        for mask in drawn:
            assert mask.remaining() == ticket.mask.remaining()
            assert all(not torch.equal(mask[layer], ticket.mask[layer]) for layer in mask)
        assert drawn[0] != drawn[1]
        assert drawn[0] != trained.ticket(1, level, "random-pruning").mask


def test_the_budget_is_the_tickets_to_the_step(trained: Run) -> None:
    for replicate in range(2):
        for level in (1, 2):
            taken = read_records(trained.ticket(replicate, level).path).step[-1]
            control = trained.ticket(replicate, level, "dense-budget")
            assert read_records(control.path).step[-1] == taken
            assert control.mask.density == 1


def test_both_are_rows_of_the_table(trained: Run) -> None:
    """R3: controls appear in the table."""
    from tombola.analysis.results import result_rows

    table = result_rows(trained)
    assert len(table) == len(trained.jobs) == 2 * (1 + 2 * 4)
    random = table[table.control == "random-pruning"]
    assert set(random.method) == {"random"}
    assert random.true_rate.tolist() == pytest.approx([2, 2, 4, 4] * 2, rel=0.02)
    dense = table[table.control == "dense-budget"]
    assert dense.method.isna().all()
    assert set(dense.whole_model_compression) == {1.0}
    tickets = table[table.control == "none"].set_index(["replicate", "level"]).steps
    assert (dense.set_index(["replicate", "level"]).steps == tickets.drop(0, level="level")).all()


def test_keys_go_down_the_chain() -> None:
    engines = EngineChoice(levels=dict.fromkeys(range(5), "dense"))
    jobs = job_graph(spec_of(), engines, {})
    job = jobs[JobId(0, 2, "random-pruning", 1)]
    assert JobId(0, 1, "random-pruning", 1) in job.needs
    assert job.start == JobId(0, 1, "random-pruning", 1)
    assert jobs[JobId(0, 1, "random-pruning", 1)].start == JobId(0, 0)
    assert len({each.key for each in jobs.values()}) == len(jobs)
    assert list(jobs).index(job.id) > list(jobs).index(JobId(0, 1, "random-pruning", 1))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"control_levels": "last"}, "control_levels = 'last' leaves out"),
        ({"prune": {"procedure": "iterative", "finetune": None, "rewind": "init"}}, "take prune.procedure gradual"),
        ({"controls": ["dense-budget:2"]}, "nothing in it is random"),
        ({"train": {"schedule": {"kind": "cosine"}}}, "a cosine schedule depends on its length"),
    ],
)
def test_what_has_no_chain_is_refused(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=said):
        make_plan(spec_of(**more), tmp_path)


def test_units_are_drawn_whole_where_the_allocation_takes_them_whole(tmp_path: Path) -> None:
    network = {"conv": ["8", "M"], "linear": [12]}
    spec = spec_of(network=network, prune={"allocation": "channel"}, controls=["random-pruning"], replicates=1)
    opened = open_run(run(spec, tmp_path).path)
    mask = opened.ticket(0, 2, "random-pruning").mask
    rows = mask["conv.0.weight"].flatten(1)
    assert torch.equal(rows.any(1), rows.all(1))
    assert mask.remaining() == opened.ticket(0, 2).mask.remaining()


def test_a_killed_run_goes_on_to_the_same_bytes(
    trained: Run, tmp_path: Path, results: Callable[[Path], dict[str, str]]
) -> None:
    """R3: what is missing is trained again, chains included."""
    import shutil

    from tombola.experiments.events import JobFinished

    class Killed(BaseException):
        pass

    done = []

    def kill(event: object) -> None:
        if isinstance(event, JobFinished):
            done.append(event.job)
            if len(done) == 9:
                raise Killed

    with pytest.raises(Killed):
        run(spec_of(), tmp_path, listener=kill)
    outcome = run(spec_of(), tmp_path)
    assert outcome.trained == 18 - 9
    assert results(outcome.path) == results(trained.path)
    shutil.rmtree(outcome.path)


def test_a_control_whose_start_was_dropped_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    spec = spec_of(controls=[], replicates=1, store={"keep": "early-stop"})
    folder = run(spec, tmp_path).path
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}
    with pytest.raises(TombolaError, match=r"'dense-budget' goes on from the trained state of replicate 0, level 0"):
        run(spec.with_(controls=["dense-budget"]), tmp_path)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()} == before
    assert run(spec.with_(controls=["reinit:1"]), tmp_path).complete, "others need masks only"


def test_a_run_that_keeps_all_takes_them_later(tmp_path: Path) -> None:
    spec = spec_of(controls=[], replicates=1, store={"keep": "all"})
    assert run(spec, tmp_path).complete
    assert run(spec.with_(controls=["dense-budget"]), tmp_path).complete

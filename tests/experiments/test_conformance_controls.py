"""Every registered control, unasked: what it starts from, that it repeats, trains, and is paired with its ticket."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tombola.data import load
from tombola.data.batches import Batches, Prepare
from tombola.data.dataset import Dataset
from tombola.experiments import ControlContext, Trial, controls
from tombola.experiments.plan import make_plan
from tombola.networks import build
from tombola.networks.state import restore
from tombola.specs import resolve
from tombola.specs.experiment import OTHER_ORDER
from tombola.store import JobId, Run
from tombola.store.jobs import read_records

KEEPS_MASK = {
    *("reinit", "reinit-kaiming", "reinit-keep-signs", "reinit-constant", "reinit-constant-keep-signs"),
    *("weights-shuffled", "weights-shuffled-keep-signs", "shuffle-signs", OTHER_ORDER),
}
MOVES_MASK = {
    *("shuffle-layerwise", "shuffle-global", "shuffle-degrees", "invert-layerwise", "other-ticket"),
    *("random", "magnitude-at-init", "magnitude-at-init-fresh"),
}
FRESH = {
    *("reinit", "reinit-kaiming", "reinit-keep-signs", "reinit-constant", "reinit-constant-keep-signs"),
    *("random", "magnitude-at-init-fresh"),
}
OWN_WEIGHTS = {*MOVES_MASK, "dense-short"} - FRESH
KEEPS_SIGNS = {"reinit-keep-signs", "reinit-constant-keep-signs", "weights-shuffled-keep-signs"}
CHAINS = {name for name in controls if controls[name].chains}
"""Of levels that go on from each other, which have tests of their own (controls/test_chains.py)."""
CONTROLS = [name for name in controls if name not in CHAINS]


@pytest.fixture(params=["init", "step:5"], scope="module")
def tickets(request: pytest.FixtureRequest, finish: Callable[..., Any]) -> Any:
    return finish(prune={"rewind": request.param})


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.numpy().tobytes() == other.numpy().tobytes()


def test_every_control_that_ships_is_held_to_what_it_promises() -> None:
    assert {*KEEPS_MASK, *OWN_WEIGHTS, *FRESH} == set(CONTROLS)


@pytest.mark.parametrize("name", CONTROLS)
def test_counts_are_the_tickets_and_pruned_weights_are_zero(name: str, tickets: Any) -> None:
    for level in (1, 2):
        ticket, trial = tickets.run.ticket(0, level), tickets.trial(name, level=level)
        mask = trial.ticket.mask
        assert mask.sizes() == ticket.mask.sizes()
        assert mask.count == (mask.size if controls[name].dense else ticket.mask.count)
        for layer, keep in mask.items():
            assert trial.ticket.initial[layer][~keep].numpy().tobytes().strip(b"\0") == b"", layer


@pytest.mark.parametrize("name", CONTROLS)
def test_the_start_is_a_complete_state_of_the_network(name: str, tickets: Any) -> None:
    restore(build(tickets.spec.network, (1, 8, 8), 10), tickets.trial(name).ticket.initial)


@pytest.mark.parametrize("name", CONTROLS)
def test_it_starts_where_its_rule_says(name: str, tickets: Any) -> None:
    trial, rule = tickets.trial(name), controls[name]
    assert trial.start_step == (tickets.spec.prune.rewind_step if rule.resumes else 0)
    assert (name in FRESH | {"dense-short"}) != rule.resumes, "a fresh draw knows no training, and takes all of it"


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_of_the_trained_states_is_left(name: str, tickets: Any) -> None:
    # playground.md B2
    ticket, initial = tickets.run.ticket(0, 2), tickets.trial(name).ticket.initial
    for state in (ticket.trained, ticket.early_stop, tickets.run.ticket(0, 0).trained):
        assert not [tensor for tensor in initial if same(initial[tensor], state[tensor])]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_repetition_is_reproducible_and_another_one_differs(name: str, tickets: Any) -> None:
    once, again = tickets.trial(name).ticket, tickets.trial(name).ticket
    assert once.mask == again.mask
    assert all(same(once.initial[tensor], again.initial[tensor]) for tensor in once.initial)
    if controls[name].refuses(tickets.spec, 2) is None:
        other = tickets.trial(name, repetition=1)
        moved = any(not same(once.initial[tensor], other.ticket.initial[tensor]) for tensor in once.initial)
        assert moved or other.seed != tickets.trial(name).seed
    at_one = tickets.trial(name, level=1).ticket
    if not controls[name].dense:
        assert any(not same(once.initial[tensor], at_one.initial[tensor]) for tensor in once.initial)


@pytest.mark.parametrize("name", sorted(KEEPS_MASK))
def test_the_mask_stays_where_that_is_promised(name: str, tickets: Any) -> None:
    for replicate in range(3):
        assert tickets.trial(name, replicate).ticket.mask == tickets.run.ticket(replicate, 2).mask


@pytest.mark.parametrize("name", sorted(MOVES_MASK))
def test_the_mask_really_moves_where_that_is_promised(name: str, tickets: Any) -> None:
    # field.md D6: a shuffle that shuffled nothing
    for replicate in range(3):
        old, new = tickets.run.ticket(replicate, 2).mask, tickets.trial(name, replicate).ticket.mask
        moved = {layer for layer in old if not torch.equal(old[layer], new[layer])}
        assert moved == set(old)
        assert (new.remaining() == old.remaining()) == (name != "shuffle-global")


@pytest.mark.parametrize("name", sorted(OWN_WEIGHTS))
def test_weights_are_the_replicates_own_at_every_new_place(name: str, tickets: Any) -> None:
    dense = tickets.run.ticket(1, 0)
    own = dense.rewind if tickets.spec.prune.rewind_step and controls[name].resumes else dense.initial
    ticket = tickets.trial(name, replicate=1).ticket
    for tensor, value in ticket.initial.items():
        keep = ticket.mask[tensor] if tensor in ticket.mask else torch.ones(value.shape, dtype=torch.bool)
        assert same(value[keep], own[tensor][keep]), tensor


@pytest.mark.parametrize("name", sorted(FRESH))
def test_fresh_draws_share_nothing_with_the_original(name: str, tickets: Any) -> None:
    # playground.md 6.3: weights and biases and normalisation
    dense, ticket = tickets.run.ticket(0, 0), tickets.run.ticket(0, 2)
    control = tickets.trial(name).ticket
    for tensor, value in control.initial.items():
        if ".1." in tensor:  # normalisation starts anew, which is the same for everybody
            assert same(value, dense.initial[tensor]), tensor
            continue
        keep = control.mask[tensor] if tensor in control.mask else torch.ones(value.shape, dtype=torch.bool)
        for other in (dense.initial, ticket.initial):
            assert not (value[keep] == other[tensor][keep]).any(), tensor


@pytest.mark.parametrize("name", sorted(KEEPS_SIGNS))
def test_signs_stay_and_values_change(name: str, tickets: Any) -> None:
    ticket, control = tickets.run.ticket(0, 2), tickets.trial(name).ticket
    for layer, keep in control.mask.items():
        mine, theirs = control.initial[layer][keep], ticket.initial[layer][keep]
        assert torch.equal(mine.sign(), theirs.sign()), layer
        assert mine.sign().abs().all()
        assert (mine != theirs).float().mean() > 0.8, layer


@pytest.mark.parametrize("name", sorted(FRESH - KEEPS_SIGNS | {"weights-shuffled", "shuffle-signs"}))
def test_signs_change_where_nothing_keeps_them(name: str, tickets: Any) -> None:
    dense, control = tickets.run.ticket(0, 0), tickets.trial(name).ticket
    flipped = [
        (control.initial[layer][keep].sign() != dense.initial[layer][keep].sign()).float().mean()
        for layer, keep in control.mask.items()
    ]
    assert all(0.2 < share < 0.8 for share in flipped)


def test_controls_train_on_the_replicates_batches(execute: Callable[..., Run]) -> None:
    # pairing (playground.md 6.5): the loss of the first step is the loss of the stored start on the batch of that step
    changes = {
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
        "train": {"steps": 8, "record_every": 1},
        "prune": {"levels": 1, "rewind": "step:3"},
        "controls": CONTROLS,
    }
    spec = resolve("lenet-digits", changes=changes)
    run = execute(spec)
    plan, data = make_plan(spec, run.path.parent), load(spec.data, spec.seed)
    assert len(run.jobs) == 2 * (2 + len(CONTROLS) + 1), "the dense level has the other order, too"
    for job, info in run.jobs.items():
        assert info.status == "done", (job, info.reason)
        records = read_records(run.folder.job(job))
        first, trained = int(records.step[0]), int(records.step[-1] - records.step[0])
        assert trained <= plan.steps_of(job)
        assert trained == plan.steps_of(job) or job.control == "dense-short"
        losses = [loss_on_batch(run, job, batches(data, replicate), first) for replicate in range(2)]
        paired = job.control != OTHER_ORDER
        assert math.isclose(records.train_loss[1], losses[job.replicate], rel_tol=1e-4) == paired, job
        assert not math.isclose(records.train_loss[1], losses[1 - job.replicate], rel_tol=1e-3), job


def batches(data: Dataset, replicate: int) -> Batches:
    cpu = torch.device("cpu")
    prepare = Prepare(data.normalisation, cpu)
    return Batches(data, 60, seed=0, replicate=replicate, prepare=prepare, device=cpu)


def loss_on_batch(run: Run, job: JobId, batches: Batches, step: int) -> float:
    module = run.ticket(*job).module("initial").train()
    images, labels = next(batches.from_step(step))
    with torch.no_grad():
        return float(F.cross_entropy(module(images), labels))


def test_a_control_that_changes_nothing_reproduces_the_ticket(execute: Callable[..., Run]) -> None:
    @controls.register("test-identity", resumes=True)
    def identity(context: ControlContext) -> Trial:
        return context.again(context.ticket.initial)

    changes = {"train": {"steps": 12, "record_every": 6}, "prune": {"levels": 1, "rewind": "step:4"}}
    try:
        run = execute(resolve("lenet-digits", changes=changes | {"controls": ["test-identity:1"]}))
    finally:
        controls._items.pop("test-identity")
    ticket, control = run.ticket(0, 1), run.ticket(0, 1, "test-identity")
    assert all(same(ticket.trained[name], control.trained[name]) for name in ticket.trained)

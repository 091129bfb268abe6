"""Where pruned networks start again: bit-exact states for every rewind, and pruned weights held at values."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import preview, run
from tombola.networks.state import State
from tombola.pruning import Mask
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run
from tombola.training import fit

PROCEDURES = pytest.mark.parametrize("procedure", ["iterative", "one-shot"])
SCHEDULE = {"kind": "steps", "milestones": ["10st", "20st"]}
SHORT = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    "train": {"steps": 25, "record_every": 10, "lr": 0.01, "schedule": SCHEDULE, "weight_decay": 0.01},
    "controls": [],
    "replicates": 1,
}


def spec_of(**prune: object) -> ExperimentSpec:
    return resolve("lenet-digits", changes=SHORT | {"prune": {"levels": 2, **prune}})


def assert_same(state: State, wanted: State, mask: Mask) -> None:
    """Compare bytes: survivors and everything unpruned as wanted, pruned weights +0.0."""
    assert state.keys() == wanted.keys()
    for name, value in state.items():
        expected = torch.where(mask[name], wanted[name], torch.zeros(())) if name in mask else wanted[name]
        assert value.numpy().tobytes() == expected.numpy().tobytes(), name


@PROCEDURES
@pytest.mark.parametrize("rewind", ["lr", "none"])
def test_without_rewinding_everything_stays_as_trained(
    rewind: str, procedure: str, execute: Callable[..., Run]
) -> None:
    # Renda et al. 2020: biases and normalisation parameters and statistics included
    opened = execute(spec_of(procedure=procedure, rewind=rewind))
    for level in (1, 2):
        ticket = opened.ticket(0, level)
        source = opened.ticket(0, level - 1 if procedure == "iterative" else 0)
        assert any("running_mean" in name for name in ticket.initial)
        assert_same(ticket.initial, source.trained, ticket.mask)
        assert ticket.provenance["rewind"] == rewind
    records = opened.records.sel(control="none", repetition=0, replicate=0)
    for level in (0, 1, 2):
        measured = records.step.values[~np.isnan(records.val_loss.sel(level=level).values)]
        assert measured.tolist() == [0, 10, 20, 25]


@pytest.mark.parametrize(("rewind", "changes"), [("lr", {}), ("none", {"lr": 1e-4, "schedule": {"kind": "constant"}})])
def test_training_goes_on_by_the_right_schedule_with_a_fresh_optimiser(
    rewind: str, changes: dict[str, object], execute: Callable[..., Run]
) -> None:
    from tombola.data import load

    opened = execute(spec_of(rewind=rewind))
    ticket = opened.ticket(0, 2)
    data = load(opened.spec.data, opened.spec.seed)
    module = ticket.module("initial").train()
    train = opened.spec.train.model_dump() | changes
    if "schedule" in changes:
        train["schedule"] = changes["schedule"]
    recipe = ExperimentSpec.model_validate({"train": train}).train
    again = fit(module, data, recipe, mask=ticket.mask, seed=opened.spec.seed, engine="dense")
    assert_same(again.trained, ticket.trained, ticket.mask)


def test_fine_tuning_moves_less_than_training_again(execute: Callable[..., Run]) -> None:
    def moved(rewind: str) -> float:
        ticket = execute(spec_of(rewind=rewind)).ticket(0, 1)
        return sum(float((ticket.trained[name] - ticket.initial[name]).abs().sum()) for name in ticket.mask)

    assert moved("none") < 0.5 * moved("lr")


@pytest.mark.parametrize("rewind", ["lr", "none", "step:5"])
def test_previews_know_the_steps(rewind: str, tmp_path: Path) -> None:
    seen = preview(spec_of(rewind=rewind), tmp_path)
    steps = {job.level: seen.plan.steps_of(job) for job in seen.pending}
    rewound = 20 if rewind == "step:5" else 25
    assert steps == {0: 25, 1: rewound, 2: rewound}


@PROCEDURES
def test_late_resetting_of_one_shot_and_iterative_alike(procedure: str, execute: Callable[..., Run]) -> None:
    opened = execute(spec_of(procedure=procedure, rewind="step:5"))
    for level in (1, 2):
        ticket = opened.ticket(0, level)
        assert_same(ticket.initial, opened.ticket(0, 0).rewind, ticket.mask)


@pytest.mark.parametrize(
    ("procedure", "rewind", "keep"),
    [
        ("iterative", "init", "all"),
        ("iterative", "step:5", "masks"),
        ("iterative", "lr", "all"),
        ("one-shot", "init", "all"),
        ("one-shot", "lr", "masks"),
    ],
)
def test_pruned_weights_stay_at_their_initial_value(
    procedure: str, rewind: str, keep: str, execute: Callable[..., Run]
) -> None:
    opened = execute(spec_of(procedure=procedure, rewind=rewind, pruned="initial").with_(store={"keep": keep}))
    begun = opened.ticket(0, 0).initial
    for level in (1, 2):
        ticket = opened.ticket(0, level)
        assert ticket.info.density == ticket.mask.density < 1
        assert ticket.provenance["pruned"] == "initial"
        assert ticket.mask.held.keys() == set(ticket.mask)
        for state in ("initial", "trained", "early_stop") if keep == "all" else ():
            weights = ticket.module(state).state_dict()
            for name, gone in ticket.mask.items():
                assert weights[name][~gone].numpy().tobytes() == begun[name][~gone].numpy().tobytes()
        for name, values in ticket.mask.held.items():
            assert values.numpy().tobytes() == begun[name][~ticket.mask[name]].numpy().tobytes()


def test_what_pruned_weights_are_held_at_changes_no_mask_of_the_dense_network(execute: Callable[..., Run]) -> None:
    held, plain = execute(spec_of(pruned="initial")), execute(spec_of())
    assert held.ticket(0, 1).mask == plain.ticket(0, 1).mask
    assert held.ticket(0, 2).mask.remaining() == plain.ticket(0, 2).mask.remaining()
    survivors = held.ticket(0, 1).mask["output.weight"]
    trained = [run.ticket(0, 1).trained["output.weight"][survivors] for run in (held, plain)]
    assert (trained[0] != trained[1]).any()


@pytest.mark.parametrize("rule", ["zero-if-shrinking", "zero-if-growing"])
def test_pruned_weights_are_zero_where_the_rule_says(rule: str, execute: Callable[..., Run]) -> None:
    # Zhou et al. 2019, field.md 2.2; decided at the round that prunes a weight
    opened = execute(spec_of(pruned=rule, score="small-final"))
    begun = opened.ticket(0, 0).initial
    kinds = set()
    for level in (1, 2):
        above, ticket = opened.ticket(0, level - 1), opened.ticket(0, level)
        for name, keep in ticket.mask.items():
            new = above.mask[name] & ~keep
            change = above.trained[name].abs() - begun[name].abs()
            zero = change < 0 if rule == "zero-if-shrinking" else change > 0
            wanted = torch.where(zero, 0.0, begun[name])
            assert torch.equal(ticket.initial[name][new], wanted[new])
            assert torch.equal(ticket.trained[name][~keep], ticket.initial[name][~keep])
            assert torch.equal(ticket.initial[name][~above.mask[name]], above.initial[name][~above.mask[name]])
            kinds |= set(zero[new].tolist())
    assert kinds == {True, False}


def test_held_runs_do_not_depend_on_where_they_stopped(
    execute: Callable[..., Run], results: Callable[[Path], dict[str, str]]
) -> None:
    spec = spec_of(pruned="zero-if-shrinking").with_(controls=["reinit:1"])
    execute(spec.with_(prune={"levels": 1}), "grown")
    assert results(execute(spec, "grown").path) == results(execute(spec, "at once").path)


def test_disk_of_held_values_is_estimated(tmp_path: Path) -> None:
    spec = spec_of(pruned="initial").with_(network={"linear": [300, 100]}, train={"length": "5st", "record_every": 5})
    estimated = preview(spec, tmp_path).bytes
    actual = sum(file.stat().st_size for file in run(spec, tmp_path).path.rglob("*") if file.is_file())
    assert 0.7 < estimated / actual < 1.5


def test_engines_that_hold_zeros_only_are_refused_by_name_and_avoided_by_auto(tmp_path: Path) -> None:
    spec = spec_of(pruned="initial").with_(network={"conv": [4]})
    with pytest.raises(TombolaError, match=r"'sparse' cannot train level 1: .* other values than zero; use auto or"):
        preview(spec.with_(engine="sparse"), tmp_path)
    seen = preview(spec, tmp_path)
    assert set(seen.plan.engines.levels.values()) == {"dense"}
    assert any("other values than zero" in note for note in seen.plan.forecast.notes)

"""Pruning at initialisation as a procedure: what is scored, what is kept, and what is trained."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import preview, run
from tombola.networks import build
from tombola.networks.state import restore
from tombola.pruning import Mask, prune
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run

Execute = Callable[..., Run]
Results = Callable[[Path], dict[str, str]]
SCORES = ("synflow", "snip", "grasp", "magnitude", "random")


def spec_of(
    score: str = "synflow", *, densities: tuple[float, ...] = (0.5, 0.1), **prune_fields: Any
) -> ExperimentSpec:
    fields = {"procedure": "at-init", "score": score, "allocation": "global", "densities": densities} | prune_fields
    network = {"family": "conv", "conv": ["4B", "M"], "linear": [12]}
    train = {"steps": 15, "record_every": 5, "lr": 0.01}
    base = resolve("lenet-digits", changes={"network": network, "train": train, "prune": {"levels": 2}})
    plain = base.model_dump()
    plain["prune"] = {name: value for name, value in plain["prune"].items() if name != "levels"} | fields
    return ExperimentSpec.model_validate(plain | {"replicates": 1, "controls": []})


def first_network(opened: Run) -> torch.nn.Module:
    module = build(opened.spec.network, (1, 8, 8), 10)
    restore(module, opened.ticket(0, 0).initial)
    return module.eval()


def table_of(opened: Run, level: int) -> list[dict[str, str]]:
    with (opened.ticket(0, level).path / "scores.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("score", SCORES)
def test_masks_are_found_before_training(score: str, execute: Execute, results: Results) -> None:
    spec = spec_of(score, rounds=3)
    opened = execute(spec)
    size = opened.ticket(0, 0).mask.size
    for level, density in ((1, 0.5), (2, 0.1)):
        ticket = opened.ticket(0, level)
        assert ticket.mask.count == size - -(-size * (10 - round(10 * density)) // 10)
        assert ticket.provenance["procedure"] == "at-init"
        begun = opened.ticket(0, 0).initial
        for name, value in ticket.initial.items():
            wanted = begun[name].clone()
            if name in ticket.mask:
                wanted[~ticket.mask[name]] = 0
            assert torch.equal(value, wanted)
        found = ticket.info.found
        assert (found["score"], found["rounds"]) == (score, 3)
        passes = {"snip": 1, "grasp": 2}.get(score, 0) * 3
        assert (found["passes"], found["batches"], found["images"]) == (passes, passes, 100 if passes else 0)
    assert results(opened.path) == results(execute(spec, "again").path)


def test_it_is_the_networks_own_initial_weights_that_are_scored(execute: Execute) -> None:
    """Defect D11; and the same mask as from Python."""
    opened = execute(spec_of(rounds=4))
    wanted = prune(first_network(opened), density=0.1, score="synflow", rounds=4, input_shape=(1, 8, 8))
    assert opened.ticket(0, 2).mask == wanted
    assert opened.ticket(0, 2).mask != execute(spec_of(rounds=1), "one").ticket(0, 2).mask


def test_levels_do_not_depend_on_each_other(execute: Execute) -> None:
    both, alone = execute(spec_of()), execute(spec_of(densities=(0.1,)), "alone")
    assert both.ticket(0, 2).mask == alone.ticket(0, 1).mask
    jobs = both.jobs
    assert jobs[JobId(0, 2)].parent == jobs[JobId(0, 1)].parent == "0/0/none/0"
    other = execute(spec_of(densities=(0.7, 0.1)), "other")
    assert other.jobs[JobId(0, 2)].key == jobs[JobId(0, 2)].key
    assert other.ticket(0, 2).mask == both.ticket(0, 2).mask


def test_a_damaged_run_is_completed_to_the_same_bits(execute: Execute, results: Results, tmp_path: Path) -> None:
    spec = spec_of("grasp", rounds=2).with_(controls=["reinit"])
    opened = execute(spec)
    before = results(opened.path)
    for job in (JobId(0, 1), JobId(0, 2, "reinit", 0)):
        shutil.rmtree(opened.path / "jobs" / job.path)
    run(spec, tmp_path / "runs")
    assert results(opened.path) == before


def test_the_score_table_says_what_the_last_round_went_by(execute: Execute) -> None:
    """Sparse-analysis reference, section 3.2."""
    opened = execute(spec_of(rounds=1))
    rows = table_of(opened, 2)
    mask = opened.ticket(0, 2).mask
    module = first_network(opened)
    assert [f"{row['module']}.{row['parameter']}" for row in rows] == [name for name, _ in module.named_parameters()]
    scored = {f"{row['module']}.{row['parameter']}": row for row in rows if row["prunable"] == "True"}
    assert list(scored) == list(mask)
    for name, row in scored.items():
        assert float(row["density"]) == mask.remaining()[name] / mask.sizes()[name]
        assert float(row["score_sum"]) == pytest.approx(float(row["score_mean"]) * int(row["size"]))
        assert float(row["score_abs_sum"]) == float(row["score_sum"]) > 0
        assert float(row["score_variance"]) > 0
    flops = {f"{row['module']}.{row['parameter']}": row["flops"] for row in rows}
    assert flops["conv.0.weight"] == str(4 * 9 * 64)
    assert flops["conv.1.weight"] == str(4 * 64)  # batch norm: one for every number
    assert flops["conv.0.bias"] == ""
    assert [row["score_sum"] for row in rows if row["prunable"] == "False"] == [""] * 5


def test_collapse_is_reported_and_the_floor_prevents_it(execute: Execute) -> None:
    dead = execute(spec_of("magnitude", densities=(0.005,), invert=True)).ticket(0, 1)
    empty = [name for name, count in dead.mask.remaining().items() if not count]
    assert empty
    assert dead.info.found["collapsed"] == empty
    assert f"nothing is left of {', '.join(empty)}" in (dead.path.parents[4] / "log.txt").read_text()
    alive = execute(spec_of("magnitude", densities=(0.005,), invert=True, floor=1), "alive").ticket(0, 1)
    assert alive.mask.count == dead.mask.count
    assert "collapsed" not in alive.info.found
    assert min(alive.mask.remaining().values()) >= 1


def test_inverted_scores_keep_what_scores_lowest(execute: Execute) -> None:
    opened = execute(spec_of("magnitude", densities=(0.5,), invert=True))
    begun, mask = opened.ticket(0, 0).initial, opened.ticket(0, 1).mask
    kept, gone = (
        torch.cat([begun[name].abs()[side(mask[name])] for name in mask]) for side in (lambda m: m, lambda m: ~m)
    )
    assert float(kept.max()) <= float(gone.min())


def test_shuffling_really_moves_the_mask(execute: Execute) -> None:
    """Defect D6: upstream the option did nothing."""
    plain, moved = execute(spec_of()).ticket(0, 2), execute(spec_of(shuffle=True), "shuffled").ticket(0, 2)
    assert moved.mask.remaining() == plain.mask.remaining()
    assert moved.mask != plain.mask
    for name in plain.mask:
        if 0 < plain.mask.remaining()[name] < plain.mask.sizes()[name]:
            assert not torch.equal(moved.mask[name], plain.mask[name])


def test_reinitialising_trains_other_weights_than_were_scored(execute: Execute) -> None:
    plain, other = execute(spec_of()), execute(spec_of(reinitialise=True), "other")
    for level in (1, 2):
        ours, theirs = plain.ticket(0, level), other.ticket(0, level)
        assert ours.mask == theirs.mask
        for name in ours.mask:
            if ours.mask.remaining()[name]:
                assert not torch.equal(ours.initial[name], theirs.initial[name])
    full = other.ticket(0, 1).initial["linear.0.bias"]
    assert torch.equal(full, other.ticket(0, 2).initial["linear.0.bias"])  # one draw per replicate


def test_rescaling_divides_by_the_square_root_of_the_density(execute: Execute) -> None:
    plain, other = execute(spec_of()).ticket(0, 2), execute(spec_of(rescale=True), "rescaled").ticket(0, 2)
    assert plain.mask == other.mask
    for name, value in plain.initial.items():
        factor = 1.0
        if name in plain.mask and plain.mask.remaining()[name]:
            factor = (plain.mask.sizes()[name] / plain.mask.remaining()[name]) ** 0.5
        assert torch.allclose(other.initial[name].double(), value.double() * factor, rtol=1e-6)


def test_rewinding_to_a_step_scores_the_network_of_that_step(execute: Execute) -> None:
    opened = execute(spec_of("magnitude", rewind="step:5"))
    begun, ticket = opened.ticket(0, 0).rewind, opened.ticket(0, 1)
    flat = torch.cat([begun[name].abs().flatten() for name in ticket.mask])
    kept = torch.cat([begun[name].abs()[ticket.mask[name]] for name in ticket.mask])
    assert float(kept.min()) >= float(flat.sort().values[-ticket.mask.count])
    for name in ticket.mask:
        assert torch.equal(ticket.initial[name][ticket.mask[name]], begun[name][ticket.mask[name]])


def test_pretraining_is_the_dense_networks_own(execute: Execute) -> None:
    """Scores see what the dense network is after 5 steps, on the same data; weights return to step 0."""
    dense = execute(spec_of("magnitude", rewind="step:5"), "dense").ticket(0, 0)
    opened = execute(spec_of("magnitude", pretrain="5st"))
    ticket = opened.ticket(0, 1)
    wanted = execute(spec_of("magnitude", rewind="step:5"), "dense").ticket(0, 1).mask
    assert ticket.mask == wanted != execute(spec_of("magnitude"), "init").ticket(0, 1).mask
    for name, keep in ticket.mask.items():
        assert torch.equal(ticket.initial[name][keep], dense.initial[name][keep])


def test_rounds_without_work_are_not_scored(execute: Execute) -> None:
    """Section 3.1: every shot restarts its ramp at dense, so most of its early rounds have nothing to do."""
    opened = execute(spec_of(densities=(0.01,), rounds=10, shots=4))
    ticket = opened.ticket(0, 1)
    # round e of shot s goes to .01^(s e / 40), which is below what is there already where s e > 10 (s - 1)
    assert ticket.info.found["rounds"] == 10 + 5 + 4 + 3
    assert ticket.mask.count == preview(opened.spec, opened.path.parent).levels[1].total


@pytest.mark.parametrize("allocation", ["layerwise", "uniform", "erk", "equal-count", "smart-ratio", "smart-ratio-vgg"])
def test_counts_per_layer_are_the_planned_ones(allocation: str, execute: Execute, tmp_path: Path) -> None:
    for fields in ({}, {"densities": (), "levels": 2}):
        spec = spec_of("random", allocation=allocation, rounds=7, **fields)
        opened = execute(spec, f"runs{len(fields)}")
        for level, plan in enumerate(preview(spec, tmp_path / "elsewhere").levels):
            assert plan.remaining is not None
            assert opened.ticket(0, level).mask.remaining() == plan.remaining


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rewind": "lr"}, "prune.rewind is 'lr'"),
        ({"rewind": "none"}, "prune.rewind is 'none'"),
        ({"reset": "weights-only"}, "prune.reset = 'weights-only'"),
        ({"pruned": "initial"}, "prune.pruned = 'initial'"),
        ({"reinitialise": True, "rewind": "step:5"}, "prune.reinitialise"),
        ({"procedure": "iterative", "rounds": 3}, "prune.rounds = '3' is for at-init"),
        ({"procedure": "one-shot", "shuffle": True}, "prune.shuffle = 'True' is for at-init"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_compute(
    fields: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(TombolaError, match=sentence):
        run(spec_of(**fields), tmp_path)
    assert not list(tmp_path.iterdir())


def test_too_few_images_of_a_class_fail_the_job_with_a_sentence(execute: Execute) -> None:
    opened = execute(spec_of("snip", samples_per_class=5000))
    assert opened.jobs[JobId(0, 1)].status == "failed"
    assert "samples_per_class = 5000" in opened.jobs[JobId(0, 1)].reason


@pytest.mark.parametrize("procedure", ["iterative", "one-shot"])
@pytest.mark.parametrize("score", ["snip", "grasp", "synflow"])
def test_the_same_scores_work_on_trained_networks(procedure: str, score: str, execute: Execute) -> None:
    opened = execute(spec_of(score, procedure=procedure))
    size = opened.ticket(0, 0).mask.size
    assert [opened.ticket(0, level).mask.count for level in (1, 2)] == [size // 2, size - -(-size * 9 // 10)]
    above = opened.ticket(0, 1 if procedure == "iterative" else 0)
    assert opened.ticket(0, 2).mask.is_within(above.mask)
    if score == "synflow":
        module = build(opened.spec.network, (1, 8, 8), 10)
        restore(module, above.trained)
        assert opened.ticket(0, 2).mask == prune(
            module.eval(), density=0.1, score=score, input_shape=(1, 8, 8), mask=above.mask
        )
    assert opened.jobs[JobId(0, 2)].found["score"] == score
    assert Mask(dict(opened.ticket(0, 2).mask)) == opened.ticket(0, 2).mask

"""Gradual pruning: levels that go on from each other, and the rows they write (explainability reference, section 4)."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tombola.data import load
from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.plan import make_plan
from tombola.experiments.rows import COLUMNS, RESULT_FILE
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, open_run
from tombola.store.jobs import read_records
from tombola.training import fit

CHANGES = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    "train": {"steps": 30, "record_every": 10, "lr": 0.01},
    "prune": {"procedure": "gradual", "rates": "2 8", "finetune": "20st"},
    "controls": [],
    "replicates": 1,
}


def spec_of(**more: Any) -> ExperimentSpec:
    return resolve("lenet-digits", changes=CHANGES).with_(**more)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return open_run(run(spec_of(), tmp_path_factory.mktemp("runs")).path)


def row_of(opened: Run, *job: Any) -> dict[str, str]:
    rows = list(csv.DictReader((opened.folder.job(JobId(*job)) / RESULT_FILE).read_text().splitlines()))
    assert len(rows) == 1
    return rows[0]


def test_each_level_goes_on_from_what_the_one_above_ended_with(trained: Run) -> None:
    for level in (1, 2):
        above, ticket = trained.ticket(0, level - 1), trained.ticket(0, level)
        assert ticket.mask.is_within(above.mask)
        for name, value in ticket.initial.items():
            expected = above.trained[name].clone()
            if name in ticket.mask:
                expected[~ticket.mask[name]] = 0.0
            assert value.numpy().tobytes() == expected.numpy().tobytes(), name


def test_the_lowest_magnitudes_of_each_layer_went(trained: Run) -> None:
    for level in (1, 2):
        above, ticket = trained.ticket(0, level - 1), trained.ticket(0, level)
        for name, keep in ticket.mask.items():
            gone = above.mask[name] & ~keep
            assert above.trained[name][gone].abs().max() <= above.trained[name][keep].abs().min()


def test_counts_are_those_of_the_rates(trained: Run) -> None:
    for level, rate in ((1, 2), (2, 8)):
        for name, left in trained.jobs[JobId(0, level)].remaining.items():
            size = trained.jobs[JobId(0, level)].sizes[name]
            assert left == max(1, int(size / rate + 0.5))


def test_the_optimiser_is_new_and_the_schedule_whole(trained: Run) -> None:
    """A level is the training of its ticket from step 0, with nothing else carried over."""
    ticket, spec = trained.ticket(0, 1), trained.spec
    module = ticket.module("initial")
    train = spec.train.model_copy(update={"length": "20st"})
    result = fit(module, load(spec.data, spec.seed), train, mask=ticket.mask, seed=spec.seed)
    assert all(torch.equal(value, ticket.trained[name]) for name, value in result.trained.items())
    records = read_records(ticket.path)
    assert records.step.tolist() == [0, 10, 20]


def test_with_a_rule_levels_go_on_from_the_restored_weights(tmp_path: Path) -> None:
    converge = {"rule": "absolute", "metric": "val_loss", "patience": 1}
    spec = spec_of(
        train={"epochs": 3, "lr": 0.3, "record_every": "1ep", "converge": converge}, prune={"finetune": "3ep"}
    )
    opened = open_run(run(spec, tmp_path).path)
    for level in (1, 2):
        above, ticket = opened.ticket(0, level - 1), opened.ticket(0, level)
        free = [name for name in ticket.initial if name not in ticket.mask]
        assert all(torch.equal(ticket.initial[name], above.trained[name]) for name in free)
        row = row_of(opened, 0, level)
        assert row["stop_reason"] in ("converged", "length")
        assert int(row["steps"]) == int(read_records(ticket.path).step[-1])


@pytest.mark.parametrize(
    ("prune", "said"),
    [
        ({"rewind": "init"}, "prune.rewind is 'init'; leave it out"),
        ({"rewind": "step:3"}, "prune.rewind is 'step:3'"),
        ({"pruned": "initial"}, "prune.pruned is 'initial'"),
        ({"rounds": 3}, "prune.rounds = '3' is for at-init"),
        ({"finetune": "5st"}, "record_every = '10st' is longer than training"),
    ],
)
def test_what_does_not_go_together_is_refused(prune: dict[str, Any], said: str, tmp_path: Path) -> None:
    """Defect B21: no setting is taken and ignored."""
    with pytest.raises(TombolaError, match=said):
        make_plan(spec_of(prune=prune), tmp_path)


def test_allocations_are_asked_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(TombolaError, match=r"prune.allocation = 'nm': 'conv.0.weight' has 1 inputs"):
        make_plan(spec_of(prune={"allocation": "nm"}), tmp_path)


def test_rows_hold_what_was_measured_of_the_weights_they_name(trained: Run) -> None:
    """Section 4.6; defects B2 and B5."""
    data = load(trained.spec.data, trained.spec.seed)
    ticket, row = trained.ticket(0, 1), row_of(trained, 0, 1)
    assert list(row)[: len(COLUMNS)] == list(COLUMNS)
    for column, state, part in (("test", "trained", data.test), ("before_test", "initial", data.test)):
        module = ticket.module(state)
        with torch.no_grad():
            answers = module(prepared(data, part))
        hits = answers.argmax(1) == part.labels
        assert int(row[f"{column}_correct"]) == int(hits.sum())
        assert float(row[f"{column}_top1"]) == int(hits.sum()) / len(part)
    for number, name in enumerate(data.classes):
        chosen = part.labels == number
        module = ticket.module("trained")
        with torch.no_grad():
            right = (module(prepared(data, part)).argmax(1) == part.labels)[chosen]
        assert float(row[f"test_top1:{name}"]) == pytest.approx(float(right.float().mean()))
    whole = sum(parameter.numel() for parameter in ticket.module().parameters())
    assert int(row["parameters"]) == whole
    assert int(row["parameters_left"]) == whole - ticket.mask.size + ticket.mask.count
    assert float(row["whole_model_compression"]) == whole / int(row["parameters_left"])
    assert float(row["true_rate"]) == ticket.mask.size / ticket.mask.count
    assert (row["target_rate"], row["method"], row["scope"], row["allocation"]) == (
        "2.0",
        "magnitude",
        "all",
        "layerwise",
    )
    assert (row["steps"], row["stop_reason"], row["clean_top1"], row["best_epoch"]) == ("20", "length", "", "")
    assert (trained.path / row["ticket"]).is_file()
    assert row["key"] == trained.jobs[JobId(0, 1)].key


def prepared(data: Any, part: Any) -> torch.Tensor:
    mean = torch.tensor(data.normalisation.mean).view(1, -1, 1, 1)
    std = torch.tensor(data.normalisation.std).view(1, -1, 1, 1)
    return (part.images.float() / 255 - mean) / std


def test_a_row_is_there_as_soon_as_its_job_is(tmp_path: Path) -> None:
    """Defect B6: results of all levels waited for the last one."""
    seen: list[int] = []

    def count(event: object) -> None:
        seen.append(len(list(tmp_path.glob(f"*/jobs/*/*/*/*/{RESULT_FILE}"))))

    run(spec_of(), tmp_path, listener=count)
    assert {1, 2, 3} <= set(seen)


def test_structured_rows_say_what_is_effectively_left(tmp_path: Path) -> None:
    spec = spec_of(prune={"allocation": "channel"}, network={"conv": ["8", "M"], "linear": [12]})
    opened = open_run(run(spec, tmp_path).path)
    row = row_of(opened, 0, 2)
    assert 0 < int(row["effective_remaining"]) < int(row["remaining"])
    assert row_of(opened, 0, 0)["effective_remaining"] == ""


def test_other_rates_share_what_is_equal(tmp_path: Path) -> None:
    """Keys: a level is determined by the rates down to it."""
    first = run(spec_of(), tmp_path)
    second = run(spec_of(prune={"rates": "2 8 16"}), tmp_path)
    assert (first.trained, second.adopted, second.trained) == (3, 3, 1)
    third = run(spec_of(prune={"rates": "4 8"}), tmp_path)
    assert third.adopted == 1, "the dense level"


@pytest.mark.parametrize("keep", ["early-stop", "masks"])
def test_what_is_kept_lets_levels_go_on(keep: str, tmp_path: Path, results: Callable[[Path], dict[str, str]]) -> None:
    spec = spec_of(store={"keep": keep}, controls=["random-pruning", "dense-budget"])
    opened = open_run(run(spec, tmp_path).path)
    assert all(info.status == "done" for info in opened.jobs.values())
    kept = sorted(str(p.relative_to(opened.path / "jobs").parent) for p in opened.path.rglob("trained.safetensors"))
    assert kept == ["0/2/dense-budget/0", "0/2/none/0", "0/2/random-pruning/0"]


def test_the_gradient_of_the_trained_network_can_be_the_score(tmp_path: Path) -> None:
    opened = open_run(run(spec_of(prune={"score": "gradient", "rates": "2", "finetune": "10st"}), tmp_path).path)
    assert opened.jobs[JobId(0, 1)].found["score"] == "gradient"
    assert row_of(opened, 0, 1)["method"] == "gradient"


def test_rows_read_back_as_numbers(trained: Run) -> None:
    from tombola.analysis.results import result_rows

    table = result_rows(trained)
    assert table.level.tolist() == [0, 1, 2]
    assert table.control.tolist() == ["none"] * 3, "a name, never a missing value (defect B20)"
    assert table.clean_top1.isna().all()
    assert pd.api.types.is_integer_dtype(table.test_correct.dtype)
    assert (table.test_top1 == table.test_correct / table.test_n).all()

"""Searched masks as procedures: levels of their own, what is on record, controls, refusals."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tombola.errors import TombolaError
from tombola.experiments import procedures, run
from tombola.search import searches
from tombola.search.wording import described
from tombola.specs import ExperimentSpec, resolve
from tombola.store import JobId, Run, open_run

SHORT: dict[str, Any] = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12], "weight_init": "signed-kaiming"},
    "train": {"steps": 15, "record_every": 5, "lr": 0.01},
    "search": {"length": "3ep"},
    "replicates": 1,
    "controls": [],
}
LEVELS = [0.5, 0.1]
SEARCHED = [name for name in procedures if name in searches]


def spec_of(procedure: str, **changes: Any) -> ExperimentSpec:
    parts = {"prune": {"procedure": procedure, "densities": LEVELS}, "controls": ["reinit-kaiming:1"]}
    return resolve("lenet-digits", changes=SHORT | parts).with_(**changes)


def test_every_search_is_a_procedure() -> None:
    assert list(searches) == SEARCHED


@pytest.mark.parametrize("procedure", SEARCHED)
def test_levels_are_searches_of_their_own(procedure: str, execute: Callable[..., Run]) -> None:
    spec = spec_of(procedure)
    opened = execute(spec)
    dense = opened.ticket(0, 0)
    for level, density in enumerate(LEVELS, start=1):
        ticket = opened.ticket(0, level)
        size = ticket.mask.size
        assert ticket.info.status == "done"
        assert ticket.mask.count == size - -(-size * round(100 - 100 * density) // 100)
        assert ticket.provenance["procedure"] == procedure
        assert set(ticket.provenance["nominal"]) == set(ticket.mask)
        found = ticket.info.found
        assert found["target_density"] == ticket.info.density == ticket.mask.density
        assert found["steps"] == 3 * 21
        assert found["seconds"] > 0
        for name, keep in ticket.mask.items():
            assert torch.equal(ticket.initial[name][keep], dense.initial[name][keep]), "weights are frozen"
        # the record of step 0 is the searched network: normalisation has the statistics of the search
        folder = opened.folder.job(ticket.info.id)
        with (folder / "search.csv").open() as file:
            rows = list(csv.DictReader(file))
        first = float(opened.records.val_accuracy.sel(control="none", level=level).values.ravel()[0])
        assert float(rows[-1]["val_accuracy_rounded"]) == pytest.approx(first)
        assert int(ticket.initial["conv.1.num_batches_tracked"]) == 63
        assert set(load_file(folder / "scores.safetensors")) == set(ticket.mask)
    assert not opened.ticket(0, 2).mask.is_within(opened.ticket(0, 1).mask)


def test_a_search_starts_again_with_the_same_result(execute: Callable[..., Run], results: Callable[..., Any]) -> None:
    spec = spec_of("gem-miner")
    assert results(execute(spec).path) == results(execute(spec, "again").path)


def test_an_alarm_is_on_record(execute: Callable[..., Run]) -> None:
    spec = spec_of("probabilistic", search={"rounding": "threshold", "length": "1ep"}, controls=[])
    opened = execute(spec)
    ticket = opened.ticket(0, 2)
    assert ticket.info.found["alarm"] in (opened.path / "log.txt").read_text()
    assert ticket.mask.density > 0.3
    assert ticket.info.density == ticket.mask.density, "what is effective is the density, whatever was asked for"
    assert "9.9567% were asked for" in ticket.info.found["alarm"]


def test_a_search_without_survivors_is_a_failed_job(execute: Callable[..., Run]) -> None:
    published = {"balance": False, "rounding": "threshold", "weight_decay": 50.0}
    info = execute(spec_of("gem-miner", search=published, controls=[])).ticket(0, 1).info
    assert info.status == "failed"
    assert "without a single weight" in info.reason


def test_states_of_no_use_are_not_kept(execute: Callable[..., Run]) -> None:
    opened = execute(spec_of("edge-popup", store={"keep": "masks"}, controls=[]))
    names = {file.name for file in opened.path.rglob("*") if file.is_file()}
    assert "search.csv" in names
    assert "scores.safetensors" not in names


@pytest.mark.parametrize("search", [{"scale_fan": True}, {"signed_constant": True}, {"dynamic_scale": True}])
def test_controls_start_from_the_weights_that_were_searched(
    search: dict[str, bool], execute: Callable[..., Run]
) -> None:
    spec = spec_of(
        "probabilistic", search=search, controls=["shuffle-layerwise", "reinit"], prune={"densities": [0.25]}
    )
    opened = execute(spec.with_(prune={"levels": 1}))
    ticket, moved = opened.ticket(0, 1), opened.ticket(0, 1, "shuffle-layerwise")
    for name in ticket.mask:
        both = ticket.mask[name] & moved.mask[name]
        assert both.any()
        assert torch.equal(ticket.initial[name][both], moved.initial[name][both]), name
        drawn = opened.ticket(0, 1, "reinit").initial[name][ticket.mask[name]].abs().mean()
        assert torch.allclose(drawn, ticket.initial[name][ticket.mask[name]].abs().mean(), rtol=0.1)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"prune": {"rewind": "step:5"}}, "prune.rewind"),
        ({"prune": {"pruned": "initial"}}, "prune.pruned"),
        ({"prune": {"score": "snip"}}, "prune.score"),
        ({"search": {"length": "0st"}}, "search.length"),
        ({"search": {"scope": "global"}}, "search.scope"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_is_computed(
    changes: dict[str, Any], word: str, tmp_path: Path
) -> None:
    with pytest.raises(TombolaError, match=word.replace(".", r"\.")):
        run(spec_of("gem-miner", **changes), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_search_of_ones_own(execute: Callable[..., Run]) -> None:
    from tombola.experiments.procedures.searching import register
    from tombola.search import Method, conduct

    class Largest(Method):
        """Nothing is learnt: the highest of random scores."""

        def choose(self, step: int) -> None:
            mask = self.rounded()
            self.arena.mask.copy_(self.arena.join({name: mask[name].float() for name in mask}))

        def slope(self, gradient: torch.Tensor) -> torch.Tensor:
            return gradient.zero_()

    try:
        searches.register("test-lottery")(lambda task: conduct(task, Largest))
        register("test-lottery")
        ticket = open_run(execute(spec_of("test-lottery")).path).ticket(0, 2)
        assert ticket.mask.density == pytest.approx(0.1, abs=0.001)
        assert "alarm" not in ticket.info.found
    finally:
        searches._items.pop("test-lottery")
        procedures._items.pop("test-lottery")


@pytest.mark.parametrize(
    ("preset", "search", "words"),
    [
        # field 2.7, 2.6, 2.2; sparse_analysis 2.4
        ("edge-popup-conv2", ("100ep", 0.1, "cosine", 0.9, 1e-4), "layerwise"),
        ("edge-popup-conv4", ("100ep", 0.1, "cosine", 0.9, 1e-4), "layerwise"),
        ("edge-popup-conv6", ("100ep", 0.1, "cosine", 0.9, 1e-4), "layerwise"),
        ("gem-miner-fc-mnist", ("25ep", 0.1, "cosine", 0.9, 5e-4), "every 2ep, as many on as scheduled"),
        ("gem-miner-fc-mnist-published", ("25ep", 0.1, "cosine", 0.9, 5e-4), "as published, whatever is on"),
        ("gem-miner-resnet20", ("150ep", 0.1, "cosine", 0.9, 0.0), "every 5ep"),
        ("zhou2019-supermask-lenet", ("2000ep", 100.0, "constant", 0.9, 0.0), "rounding threshold"),
    ],
)
def test_presets_hold_the_published_values(preset: str, search: tuple[object, ...], words: str) -> None:
    spec = resolve(preset)
    found = spec.search
    assert (found.length, found.lr, found.schedule, found.momentum, found.weight_decay) == search
    assert procedures[spec.prune.procedure].refuses(spec) is None
    assert words in described(spec)
    if preset.startswith("gem"):
        assert (spec.train.batch_size, spec.train.lr, spec.train.weight_decay) == (128, 0.01, 1e-4)
        assert (found.regulariser, found.strength, spec.network.weight_init) == ("l2", 1e-4, "signed-kaiming")


def test_what_a_search_left_in_normalisation_is_not_made_up(execute: Callable[..., Run]) -> None:
    # policies of keeping are no part of a job's key, so no result may depend on them
    changes = {"prune": {"densities": [0.3]}, "controls": ["shuffle-signs", "reinit-keep-signs", "shuffle-layerwise"]}
    masks = execute(spec_of("edge-popup", name="masks", store={"keep": "masks"}, **changes))
    kept = execute(spec_of("edge-popup", **changes))
    assert kept.ticket(0, 1).initial["conv.1.running_mean"].any()
    for control in ("reinit-keep-signs", "shuffle-layerwise"):
        one, other = (run.records.val_loss.sel(control=control, level=1).values for run in (kept, masks))
        np.testing.assert_array_equal(one, other)
    refused = masks.jobs[JobId(0, 1, "shuffle-signs")]
    assert refused.status == "failed"
    assert "the initial state of replicate 0, level 1 was not kept" in refused.reason

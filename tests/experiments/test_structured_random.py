"""Structured random networks: sparse-analysis reference, sections 2.3 and 7.7."""

from collections.abc import Callable

import pytest
import torch

from tombola.errors import TombolaError
from tombola.experiments import run
from tombola.experiments.procedures.structured_random import structured_mask
from tombola.networks import build, prunable_layers
from tombola.specs import ExperimentSpec, NetworkSpec, resolve
from tombola.store import Run

FC = prunable_layers(build(NetworkSpec(architecture="fc"), (1, 28, 28), 10, device="meta"))


def mask_of(seed: int):
    return structured_mask(FC, torch.Generator().manual_seed(seed))


def test_densities_and_active_units_are_the_published_ones() -> None:
    """Section 2.3: 2.7/13.5/13.5/13.4/13.6/58 % and 7/31/31/31/31/10 units; stored networks keep 8097 and 8142."""
    masks = [mask_of(seed) for seed in range(10)]
    for mask in masks:
        assert [int(keep.any(1).sum()) for keep in mask.values()] == [7, 31, 31, 31, 31, 10]
        assert 8_000 < mask.count < 8_260
    means = [sum(float(mask[name].double().mean()) for mask in masks) / 10 for name in masks[0]]
    assert means == pytest.approx([0.027, 0.135, 0.135, 0.134, 0.136, 0.58], abs=0.008)
    assert sum(mask.density for mask in masks) / 10 == pytest.approx(0.068, abs=0.001)


def test_weights_lie_in_pairs_of_rows_and_short_runs() -> None:
    """A place on the first row is a seed or right of one; every seed has the place below it."""
    keep = mask_of(0)[FC[1].name]
    assert not keep[31:].any()
    lengths = (keep[0].long().diff(prepend=torch.zeros(1), append=torch.zeros(1)) == 1).sum()
    assert 0 < lengths < keep[0].sum()
    below = keep[0] & keep[1]
    assert below.sum() >= keep[0].sum() / 4  # a seed fills at most two more places of its row


def test_masks_follow_the_generator() -> None:
    assert mask_of(0) == mask_of(0) != mask_of(1)
    before = torch.get_rng_state()
    mask_of(2)
    assert torch.equal(torch.get_rng_state(), before)


def test_other_sizes_take_the_same_shares() -> None:
    layers = prunable_layers(build(NetworkSpec(linear=("50", "40")), (1, 8, 8), 10, device="meta"))
    mask = structured_mask(layers, torch.Generator().manual_seed(0))
    assert [int(keep.any(1).sum()) for keep in mask.values()] == [4, 13, 10]
    tiny = prunable_layers(build(NetworkSpec(linear=()), (1, 1, 2), 3, device="meta"))
    assert structured_mask(tiny, torch.Generator().manual_seed(0)).count > 0


def test_convolutions_are_refused() -> None:
    layers = prunable_layers(build(NetworkSpec(family="conv", conv=("4",)), (1, 8, 8), 3, device="meta"))
    with pytest.raises(TombolaError, match=r"lays out linear layers, and 'conv\.0\.weight'"):
        structured_mask(layers, torch.Generator())


def spec_of(**prune: object) -> ExperimentSpec:
    plain = resolve("lenet-digits", changes={"train": {"steps": 10, "record_every": 5}}).model_dump()
    plain["prune"] = {"procedure": "structured-random", "densities": [0.1]} | prune
    return ExperimentSpec.model_validate(plain | {"controls": ["shuffle-layerwise", "reinit"]})


def test_it_runs_with_controls(execute: Callable[..., Run], tmp_path) -> None:
    opened = execute(spec_of())
    assert {info.status for info in opened.jobs.values()} == {"done"}
    first, second = opened.ticket(0, 1), opened.ticket(1, 1)
    assert first.mask != second.mask
    assert first.info.found["active_units"] == {name: int(keep.any(1).sum()) for name, keep in first.mask.items()}
    dense = opened.ticket(0, 0).initial
    for name, keep in first.mask.items():
        assert torch.equal(first.initial[name], torch.where(keep, dense[name], torch.tensor(0.0)))
    assert run(spec_of(), tmp_path / "runs").trained == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"densities": [0.2, 0.1]}, "there is one level, and prune.levels is 2"),
        ({"rewind": "step:3"}, "prune.rewind is 'step:3'"),
        ({"pruned": "initial"}, "prune.pruned is 'initial'"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object], sentence: str, tmp_path) -> None:
    with pytest.raises(TombolaError, match=sentence):
        run(spec_of(**fields).with_(controls=[]), tmp_path)


def test_the_preset_expects_the_published_density() -> None:
    assert resolve("structured-random-fc").prune.densities == (0.068,)

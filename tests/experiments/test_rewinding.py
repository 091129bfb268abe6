"""The field's signature failure is a rewinding bug nobody notices (field.md 1.4): compare bytes, at several levels."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tombola.networks import build, initialise
from tombola.networks.state import capture
from tombola.specs import ExperimentSpec, resolve
from tombola.store import Run
from tombola.streams import stream_seed

NORMALISED = {
    "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
    "train": {"steps": 25, "record_every": 10, "lr": 0.01},
    "prune": {"levels": 3},
    "replicates": 2,
}


def same_bytes(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.numpy().tobytes() == b.numpy().tobytes()


@pytest.fixture
def spec() -> ExperimentSpec:
    return resolve("lenet-digits", changes=NORMALISED)


def theta_zero(spec: ExperimentSpec, replicate: int) -> dict[str, torch.Tensor]:
    module = build(spec.network, (1, 8, 8), 10)
    initialise(module, spec.network, torch.Generator().manual_seed(stream_seed(spec.seed, "init", replicate)))
    return capture(module)


def test_every_level_starts_from_theta_zero_in_every_tensor(spec: ExperimentSpec, execute: Callable[..., Run]) -> None:
    # playground.md 4.8, B1: weights, biases, batch norm parameters and statistics; not only at the first level
    run = execute(spec)
    for replicate in range(2):
        expected = theta_zero(spec, replicate)
        assert any("running_mean" in name for name in expected)
        for level in range(4):
            ticket = run.ticket(replicate, level)
            assert ticket.initial.keys() == expected.keys()
            for name, value in ticket.initial.items():
                wanted = expected[name]
                if name in ticket.mask:
                    wanted = torch.where(ticket.mask[name], wanted, torch.zeros(()))
                assert same_bytes(value, wanted), f"replicate {replicate}, level {level}, {name}"
            trained = ticket.trained
            assert all(not same_bytes(trained[name], ticket.initial[name]) for name in trained), (
                "training changes every tensor"
            )


def test_replicates_differ_and_masks_are_nested(spec: ExperimentSpec, execute: Callable[..., Run]) -> None:
    run = execute(spec)
    assert run.ticket(0, 3).mask != run.ticket(1, 3).mask
    for level in range(3):
        assert run.ticket(0, level + 1).mask.is_within(run.ticket(0, level).mask)


def test_masks_rank_the_weights_after_the_last_step(spec: ExperimentSpec, execute: Callable[..., Run]) -> None:
    # playground.md B3
    run = execute(spec)
    for level in range(3):
        above, below = run.ticket(0, level), run.ticket(0, level + 1)
        for name, keep in below.mask.items():
            magnitude = above.trained[name].abs()
            removed = above.mask[name] & ~keep
            assert removed.any()
            assert magnitude[removed].max() <= magnitude[keep].min()


def test_rewinding_to_step_k(execute: Callable[..., Run]) -> None:
    # DESIGN settled question 2; Frankle et al. 2020
    spec = resolve(
        "lenet-digits", changes=NORMALISED | {"prune": {"levels": 2, "rewind": "step:7"}, "controls": ["reinit:1"]}
    )
    run = execute(spec)
    short = execute(
        spec.with_(train={"length": "7st", "record_every": "7st"}, prune={"levels": 0, "rewind": "init"}), "short"
    )
    at_seven = short.ticket(0, 0).trained
    for level in (1, 2):
        ticket = run.ticket(0, level)
        for name, value in ticket.initial.items():
            wanted = (
                torch.where(ticket.mask[name], at_seven[name], torch.zeros(()))
                if name in ticket.mask
                else at_seven[name]
            )
            assert same_bytes(value, wanted), name
    records = run.records.sel(control="none", repetition=0, replicate=0)
    measured = records.step.values[~np.isnan(records.val_loss.sel(level=1).values)]
    assert measured.tolist() == [7, 10, 20, 25]
    control = run.records.sel(control="reinit", repetition=0, replicate=0, level=1)
    assert control.step.values[~np.isnan(control.val_loss.values)].tolist() == [0, 10, 20, 25]


def test_weights_only_reset_is_the_named_defect(execute: Callable[..., Run]) -> None:
    # playground.md B1, reachable by name only
    spec = resolve("lenet-digits", changes=NORMALISED | {"prune": {"levels": 1, "reset": "weights-only"}})
    run = execute(spec)
    initial, dense = run.ticket(0, 1).initial, run.ticket(0, 0)
    for name, value in initial.items():
        source = dense.initial if name in run.ticket(0, 1).mask else dense.trained
        wanted = (
            torch.where(run.ticket(0, 1).mask[name], source[name], torch.zeros(()))
            if name in run.ticket(0, 1).mask
            else source[name]
        )
        assert same_bytes(value, wanted), name

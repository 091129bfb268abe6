"""Every registered control, unasked: it runs, keeps what it must, and replays the replicate's data order."""

from collections.abc import Callable

import pytest
import torch

from tombola.experiments import controls
from tombola.specs import resolve
from tombola.store import Run

SPEC = resolve(
    "lenet-digits",
    changes={
        "network": {"family": "conv", "conv": ["4B", "M"], "linear": [12]},
        "train": {"steps": 12, "record_every": 6},
        "prune": {"levels": 2},
        "replicates": 1,
    },
)


@pytest.mark.parametrize("name", list(controls))
def test_controls_train_and_repeat_differently(name: str, execute: Callable[..., Run]) -> None:
    run = execute(SPEC.with_(controls=[f"{name}:2"]))
    for level in (1, 2):
        ticket = run.ticket(0, level)
        first, second = (run.ticket(0, level, name, repetition) for repetition in range(2))
        assert first.info.status == second.info.status == "done"
        assert first.mask.count == ticket.mask.count, "a control changes where or what, never how much"
        same_start = all(torch.equal(first.initial[k], second.initial[k]) for k in first.initial)
        assert not (same_start and first.mask == second.mask), "repetitions are drawn apart"
        for state in (first.initial, first.trained):
            assert all((state[k][~keep].numpy().tobytes().strip(b"\0") == b"") for k, keep in first.mask.items())
    assert not (tmp := [info for info in run.jobs.values() if info.status != "done"]), tmp


def test_reinit_shares_the_mask_and_nothing_else(execute: Callable[..., Run]) -> None:
    # playground.md 6.3, B2: fresh weights and biases and normalisation
    run = execute(SPEC.with_(controls=["reinit:1"]))
    ticket, control = run.ticket(0, 2), run.ticket(0, 2, "reinit")
    assert control.mask == ticket.mask
    for name, value in control.initial.items():
        original = [ticket.initial[name], ticket.trained[name]]
        if name.endswith(("running_mean", "running_var", "num_batches_tracked")) or ".1." in name:
            assert torch.equal(value, ticket.initial[name]), "normalisation starts anew"
        else:
            assert not any(torch.equal(value, other) for other in original), name
    kept = control.mask["output.weight"]
    assert not (control.initial["output.weight"][kept] == ticket.initial["output.weight"][kept]).any()


def test_controls_replay_the_replicates_data_order(execute: Callable[..., Run]) -> None:
    # a control that changes nothing must reproduce the ticket bit by bit: same order, same split, same everything
    from tombola.experiments import ControlContext, Trial

    @controls.register("test-identity")
    def identity(context: ControlContext) -> Trial:
        return Trial(context.ticket)

    try:
        run = execute(SPEC.with_(controls=["test-identity:1"]))
    finally:
        controls._items.pop("test-identity")
    ticket, control = run.ticket(0, 1), run.ticket(0, 1, "test-identity")
    assert all(torch.equal(ticket.trained[name], control.trained[name]) for name in ticket.trained)

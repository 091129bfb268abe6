"""Conditions of signs reference, section 1.6: random networks, magnitude at initialisation, shuffled signs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tombola.experiments import controls
from tombola.experiments.controls.magnitude import largest
from tombola.experiments.controls.shuffle import shuffled
from tombola.pruning import Mask
from tombola.streams import stream_seed


@pytest.fixture
def tickets(finish: Callable[..., Any]) -> Any:
    return finish()


@pytest.mark.parametrize("name", ["random", "magnitude-at-init", "magnitude-at-init-fresh", "shuffle-degrees"])
def test_each_ticket_has_a_match_of_its_own_counts(name: str, tickets: Any) -> None:
    for replicate in range(3):
        for level in (1, 2):
            ticket = tickets.run.ticket(replicate, level)
            assert tickets.trial(name, replicate, level).ticket.mask.remaining() == ticket.mask.remaining()


def test_masks_and_weights_of_random_networks_are_independent(tickets: Any) -> None:
    masks = [tickets.trial("random", repetition=r).ticket.mask["linear.0.weight"].float() for r in range(8)]
    weights = [tickets.trial("random", repetition=r).ticket.initial for r in range(8)]
    assert len({float(state["linear.0.weight"].abs().max()) for state in weights}) == 8
    density = masks[0].mean()
    agree = float((masks[0] * masks[1]).mean())
    assert abs(agree - float(density) ** 2) < 0.03
    # nor is the mask drawn from the very numbers that the weights are
    own = tickets.run.ticket(0, 2).mask
    seed = stream_seed(tickets.spec.seed, "control", 0, 2, "random", 0)
    same_stream = shuffled(own, [[name] for name in own], torch.Generator().manual_seed(seed))
    assert tickets.trial("random").ticket.mask != same_stream


def test_the_largest_initial_weights_are_kept(tickets: Any) -> None:
    dense = tickets.run.ticket(1, 0)
    trial = tickets.trial("magnitude-at-init", replicate=1)
    for name, keep in trial.ticket.mask.items():
        values = dense.initial[name].abs()
        assert values[keep].min() >= values[~keep].max()
        assert torch.equal(trial.ticket.initial[name][keep], dense.initial[name][keep])
    assert controls["magnitude-at-init"].refuses(tickets.spec, 2) is not None


def test_the_largest_of_fresh_weights_are_kept(tickets: Any) -> None:
    one, other = (tickets.trial("magnitude-at-init-fresh", repetition=r).ticket for r in (0, 1))
    assert one.mask != other.mask
    own = tickets.trial("reinit").ticket
    for name, keep in one.mask.items():
        assert keep.sum() == own.mask[name].sum()
        kept = one.initial[name][keep].abs()
        assert kept.mean() > own.initial[name][own.mask[name]].abs().mean()


def test_equal_magnitudes_go_by_index() -> None:
    mask = Mask({"a": torch.tensor([True, False, True, False])})
    assert largest({"a": torch.tensor([1.0, -1.0, 1.0, 2.0])}, mask, torch.Generator())["a"].tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_signs_are_permuted_and_magnitudes_stay(tickets: Any) -> None:
    ticket, control = tickets.run.ticket(0, 2), tickets.trial("shuffle-signs").ticket
    for name in ticket.initial:
        before, after = ticket.initial[name], control.initial[name]
        if name not in control.mask:
            assert torch.equal(before, after)
            continue
        assert torch.equal(before.abs(), after.abs())
        assert (before > 0).sum() == (after > 0).sum()
        assert not torch.equal(before, after)

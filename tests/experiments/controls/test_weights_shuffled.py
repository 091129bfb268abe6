from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.experiments.controls.weights import permuted


def sorted_bytes(values: torch.Tensor) -> bytes:
    return values.sort().values.numpy().tobytes()


@pytest.mark.parametrize("name", ["weights-shuffled", "weights-shuffled-keep-signs"])
def test_each_layers_survivors_have_the_same_values_elsewhere(name: str, finish: Callable[..., Any]) -> None:
    # field.md 2.2, mask-1: permutation among survivors
    made = finish()
    for replicate in (0, 2):
        ticket, control = made.run.ticket(replicate, 2), made.trial(name, replicate).ticket
        for tensor, value in control.initial.items():
            if tensor not in control.mask:
                assert torch.equal(value, ticket.initial[tensor]), "biases and normalisation stay"
                continue
            keep = control.mask[tensor]
            assert sorted_bytes(value[keep]) == sorted_bytes(ticket.initial[tensor][keep])
            assert not torch.equal(value, ticket.initial[tensor])


@given(
    values=st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=10),
    places=st.lists(st.booleans(), min_size=10, max_size=10),
    seed=st.integers(0, 99),
)
def test_only_the_given_places_change(values: list[float], places: list[bool], seed: int) -> None:
    weight, where = torch.tensor(values), torch.tensor(places[: len(values)])
    new = permuted(weight, where, torch.Generator().manual_seed(seed))
    assert torch.equal(new[~where], weight[~where])
    assert sorted(new[where].tolist()) == sorted(weight[where].tolist())
    assert torch.equal(new, weight) == (len(set(weight[where].tolist())) <= 1)

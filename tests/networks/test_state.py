"""States: captured and restored bit for bit, and never by halves."""

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build, capture, initialise, restore
from tombola.specs import NetworkSpec

SPEC = NetworkSpec(family="conv", conv=("4B", "M", 6), linear=(6,))


@pytest.fixture
def module():
    network = build(SPEC, (1, 8, 8), 10)
    initialise(network, SPEC, torch.Generator().manual_seed(0))
    return network


def bits(state):
    return {name: value.contiguous().numpy().tobytes() for name, value in state.items()}


def train_a_little(module, seed):
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5, momentum=0.9)
    images = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(seed))
    for _ in range(3):
        optimiser.zero_grad()
        module(images).square().mean().backward()
        optimiser.step()


def test_restoring_twice_in_a_row_is_bit_exact(module):
    """Section 4.8: the second reset is the one that early frameworks lost."""
    initial = capture(module)
    expected = bits(initial)
    for seed in (1, 2, 3):
        train_a_little(module, seed)
        trained = capture(module)
        assert all(not torch.equal(trained[name], initial[name]) for name in initial)  # statistics and counter included
        restore(module, initial)
        assert bits(capture(module)) == expected
        assert bits(initial) == expected


def test_a_captured_state_shares_no_memory(module):
    state = capture(module)
    owned = {value.untyped_storage().data_ptr() for value in module.state_dict().values()}
    assert not owned & {value.untyped_storage().data_ptr() for value in state.values()}
    assert all(not value.requires_grad and value.device.type == "cpu" for value in state.values())


def test_a_state_is_contiguous_and_complete(module):
    module.to(memory_format=torch.channels_last)
    assert not module.conv[4].weight.is_contiguous()
    state = capture(module)
    assert all(value.is_contiguous() for value in state.values())
    assert list(state) == list(module.state_dict())
    assert "conv.1.num_batches_tracked" in state


def test_odd_bits_survive(module):
    with torch.no_grad():
        module.output.weight.view(-1)[:4] = torch.tensor([-0.0, float("nan"), float("-inf"), 1e-45])
    expected = bits(capture(module))
    state = capture(module)
    initialise(module, SPEC, torch.Generator().manual_seed(5))
    restore(module, state)
    assert bits(capture(module)) == expected


def test_restoring_keeps_parameters_and_layout(module):
    module.to(memory_format=torch.channels_last)
    before = dict(module.named_parameters())
    restore(module, capture(module))
    assert all(before[name] is parameter for name, parameter in module.named_parameters())


@pytest.mark.parametrize("damage", ["missing", "extra", "shape", "dtype"])
def test_a_state_that_does_not_fit_is_refused_untouched(module, damage):
    state = {name: value + 1 for name, value in capture(module).items()}
    if damage == "missing":
        del state["output.bias"]
    elif damage == "extra":
        state["other.bias"] = torch.zeros(1)
    elif damage == "shape":
        state["output.bias"] = torch.zeros(3)
    else:
        state["output.bias"] = state["output.bias"].double()
    before = bits(capture(module))
    with pytest.raises(TombolaError, match=r"'o\w+\.bias'"):
        restore(module, state)
    assert bits(capture(module)) == before


def test_a_missing_weight_is_told_before_a_misshapen_one(module):
    state = capture(module)
    first = next(iter(state))
    state[first] = torch.zeros(1)
    del state["output.bias"]
    with pytest.raises(TombolaError, match=r"the state lacks 'output\.bias'"):
        restore(module, state)


def test_state_that_is_no_tensor_is_refused():
    class Odd(nn.Linear):
        def get_extra_state(self):
            return {"note": 1}

        def set_extra_state(self, state):
            pass

    with pytest.raises(TombolaError, match="'_extra_state', a dict"):
        capture(Odd(2, 2))

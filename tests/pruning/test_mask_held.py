"""Masks that hold pruned weights at values: mask-0 actions (Zhou et al. 2019), an option of the mask."""

import pickle

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import capture, prunable_layers
from tombola.pruning import Mask, compact_network

KEEP = torch.tensor([[True, False, False], [False, True, True]])
VALUES = torch.tensor([[1.0, -0.5, 1e-45], [float("inf"), 2.0, 3.0]])


def held_mask():
    return Mask({"a": KEEP, "b": torch.tensor([True, False])}).holding({"a": VALUES, "b": torch.tensor([7.0, 0.0])})


def test_values_of_pruned_weights_are_written_and_survivors_keep_their_bits():
    mask = held_mask()
    odd = torch.tensor([[-0.0, float("nan"), 4.0], [5.0, float("inf"), -0.0]])
    state = {"a": odd.clone(), "b": torch.tensor([-0.0, 9.0]), "bias": torch.tensor([8.0])}
    mask.apply_(state)
    wanted = torch.where(KEEP, odd, VALUES)
    assert state["a"].numpy().tobytes() == wanted.numpy().tobytes()
    assert state["b"].numpy().tobytes() == torch.tensor([-0.0, 0.0]).numpy().tobytes()
    assert state["bias"].item() == 8.0


def test_density_counts_equality_and_digest_are_about_what_remains():
    mask, plain = held_mask(), Mask({"a": KEEP, "b": torch.tensor([True, False])})
    assert (mask.density, mask.remaining(), mask.digest()) == (plain.density, plain.remaining(), plain.digest())
    assert mask == plain
    assert plain.held == {}


def test_only_layers_with_values_hold_any():
    assert list(held_mask().held) == ["a"]
    assert held_mask().held["a"].tolist() == VALUES[~KEEP].tolist()


def test_a_mask_cannot_be_changed_through_its_values():
    source = {"a": VALUES.clone(), "b": torch.zeros(2)}
    mask = Mask({"a": KEEP, "b": torch.tensor([True, False])}).holding(source)
    source["a"].zero_()
    mask.held["a"].zero_()
    assert mask.held["a"].tolist() == VALUES[~KEEP].tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_types_and_storage_keep_the_values(dtype):
    mask = Mask({"a": KEEP}).holding({"a": VALUES.to(dtype)})
    again = Mask.unpack(mask.pack(), mask.shapes(), mask.held)
    for one in (again, pickle.loads(pickle.dumps(mask))):
        state = {"a": torch.zeros(2, 3, dtype=dtype)}
        one.apply_(state)
        assert state["a"][~KEEP].tolist() == VALUES.to(dtype)[~KEEP].tolist()


def test_values_follow_flat_order_in_any_layout(module):
    before = capture(module)
    name = "conv.4.weight"
    keep = torch.rand(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)) < 0.5
    mask = Mask({name: keep}).holding(before)
    module.to(memory_format=torch.channels_last)
    with torch.no_grad():
        module.conv[4].weight.fill_(9)
    mask.apply_(module)
    assert torch.equal(module.conv[4].weight, torch.where(keep, 9.0, before[name]))


@pytest.mark.parametrize("wrong", [{"a": torch.ones(2)}, {"c": torch.ones(3)}, {"a": torch.ones(1, 3)}])
def test_values_that_do_not_fit_are_refused(wrong):
    with pytest.raises(TombolaError, match="one for each pruned weight"):
        Mask({"a": KEEP}, wrong)


def test_states_that_do_not_fit_are_refused():
    with pytest.raises(TombolaError, match=r"covers 'a', which the state lacks"):
        Mask({"a": KEEP}).holding({})
    with pytest.raises(TombolaError, match=r"'a' is shaped \[2, 3\], the weight whose values"):
        Mask({"a": KEEP}).holding({"a": torch.ones(3, 2)})


def test_nothing_can_be_compacted_away(module):
    layers = prunable_layers(module)
    draw = torch.Generator().manual_seed(0)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=draw) < 0.5 for layer in layers})
    with pytest.raises(TombolaError, match="other values than zero"):
        compact_network(module, (1, 8, 8), mask.holding(capture(module)))

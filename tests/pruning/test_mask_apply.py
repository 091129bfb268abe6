"""Applying a mask: exact zeros where pruned, and the same bits everywhere else."""

from copy import deepcopy

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import capture, prunable_layers
from tombola.pruning import Mask

ODD = torch.tensor([-0.0, float("nan"), float("inf"), float("-inf"), -1.5, 1e-45])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_pruned_weights_become_plus_zero_and_survivors_keep_their_bits(dtype):
    """Compare bytes: ``w * mask`` would give -0.0 and NaN."""
    state = {"a": torch.cat([ODD, ODD]).to(dtype), "bias": ODD.clone()}
    before = {name: value.clone() for name, value in state.items()}
    keep = torch.arange(12) >= 6
    Mask({"a": keep}).apply_(state)
    as_bytes = state["a"].view(torch.uint8).view(12, -1)
    assert not bool(as_bytes[:6].any())
    assert torch.equal(as_bytes[6:], before["a"].view(torch.uint8).view(12, -1)[6:])
    assert torch.equal(state["bias"].view(torch.int32), before["bias"].view(torch.int32))


def test_applying_to_a_module_writes_in_place_and_only_where_pruned(module):
    layers = prunable_layers(module)
    generator = torch.Generator().manual_seed(3)
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < 0.5 for layer in layers})
    before, parameters = capture(module), dict(module.named_parameters())
    module.output.weight.grad = torch.ones_like(module.output.weight)
    mask.apply_(module)
    after = capture(module)
    for name, value in after.items():
        expected = torch.where(mask[name], before[name], 0.0) if name in mask else before[name]
        assert value.numpy().tobytes() == expected.numpy().tobytes()
    assert all(parameters[name] is parameter for name, parameter in module.named_parameters())
    assert bool((module.output.weight.grad == 1).all())
    state = {name: value.clone() for name, value in before.items()}
    mask.apply_(state)
    assert all(torch.equal(state[name], after[name]) for name in state)


def test_applying_respects_memory_layout(module):
    plain = deepcopy(module)
    module.to(memory_format=torch.channels_last)
    mask = Mask({"conv.4.weight": torch.rand(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)) < 0.5})
    mask.apply_(module)
    mask.apply_(plain)
    assert torch.equal(module.conv[4].weight, plain.conv[4].weight)


@pytest.mark.parametrize("wrong", [{"gone": (2,)}, {"output.weight": (2,)}])
def test_a_mask_of_another_network_is_refused_before_anything_is_written(module, wrong):
    keep = {"linear.0.weight": torch.zeros(module.linear[0].weight.shape, dtype=torch.bool)}
    keep |= {name: torch.zeros(shape, dtype=torch.bool) for name, shape in wrong.items()}
    before = capture(module)
    for target in (module, capture(module)):
        with pytest.raises(TombolaError, match=rf"'{next(iter(wrong))}'.*another network"):
            Mask(keep).apply_(target)
    assert torch.equal(capture(module)["linear.0.weight"], before["linear.0.weight"])

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import fit
from tombola.training.hold import BITS, Hold
from tombola.training.optimisers import optimisers

POISON = (float("nan"), float("inf"), -float("inf"), -0.0, 1e-40, 3.0)

RECIPES = {
    "sgd": {"optimiser": "sgd", "lr": 0.1},
    "momentum": {"optimiser": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {"optimiser": "adam", "lr": 0.01, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "lr": 0.01, "weight_decay": 0.1},
}


def test_every_optimiser_has_a_recipe_here() -> None:
    assert {recipe["optimiser"] for recipe in RECIPES.values()} == set(optimisers)


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().view(BITS[tensor.element_size()])


def poisoned(like: torch.Tensor) -> torch.Tensor:
    values = torch.tensor(POISON).repeat(like.numel() // len(POISON) + 1)[: like.numel()]
    return torch.empty_like(like).copy_(values.view(like.shape))


class Weight(nn.Module):
    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)


LAYOUTS = {
    "contiguous": torch.randn(6, 5, 3, 3),
    "channels last": torch.randn(6, 5, 3, 3).contiguous(memory_format=torch.channels_last),
    "transposed": torch.randn(5, 6).t(),
    "vector": torch.randn(30),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pruned_entries_become_positive_zero_and_survivors_keep_their_bits(layout: str, dtype: torch.dtype) -> None:
    module = Weight(poisoned(LAYOUTS[layout].to(dtype)))
    weight = module.weight
    strides, before = weight.stride(), weight.detach().clone()
    weight.grad = poisoned(weight.detach())
    keep = torch.rand(weight.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    hold = Hold(module, Mask({"weight": keep}))
    hold.weights()
    hold.gradients()
    assert weight.stride() == strides
    for tensor in (weight, weight.grad):
        assert not bits(tensor)[~keep].any()
        assert torch.equal(bits(tensor)[keep], bits(before)[keep])


def test_parameters_without_gradient_are_left_alone() -> None:
    module = Weight(torch.ones(4))
    Hold(module, Mask({"weight": torch.tensor([True, False, True, False])})).gradients()
    assert module.weight.grad is None


def test_no_mask_and_a_full_mask_hold_nothing() -> None:
    module = Weight(torch.tensor([-0.0, float("nan")]))
    for mask in (None, Mask({"weight": torch.ones(2, dtype=torch.bool)})):
        Hold(module, mask).weights()
        assert bits(module.weight).all()


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_revival_whatever_the_gradients_of_pruned_weights_are(recipe: str) -> None:
    module = Weight(torch.randn(8, 9, generator=torch.Generator().manual_seed(0)))
    keep = torch.rand(8, 9, generator=torch.Generator().manual_seed(1)) < 0.5
    before = module.weight.detach().clone()
    hold = Hold(module, Mask({"weight": keep}))
    hold.weights()
    optimiser = optimisers[RECIPES[recipe]["optimiser"]]([module.weight], TrainSpec.model_validate(RECIPES[recipe]))
    for _ in range(12):
        module.weight.grad = torch.where(keep, torch.ones(8, 9), poisoned(module.weight.detach()))
        hold.gradients()
        optimiser.step()
        assert not bits(module.weight)[~keep].any()
    assert module.weight[keep].isfinite().all()
    assert (module.weight[keep] != before[keep]).all()
    for name, state in optimiser.state[module.weight].items():
        if name != "step":
            assert not bits(state)[~keep].any(), name


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["linear", "conv", "user"])
def test_no_revival_in_training(
    recipe: str, kind: str, data: Dataset, make_module: Callable[..., nn.Module], make_mask: Callable[..., Mask]
) -> None:
    module = make_module(kind)
    mask, before = make_mask(module), {name: weight.clone() for name, weight in module.state_dict().items()}
    result = fit(module, data, mask=mask, steps=12, record_every=4, batch_size=30, snapshots=(1, 7), **RECIPES[recipe])
    assert result.status == "done"
    assert result.early_stop is not None
    for state in (result.trained, result.early_stop, module.state_dict(), *result.snapshots.values()):
        for name, keep in mask.items():
            assert not bits(state[name])[~keep].any()
            assert (state[name][keep] != before[name][keep]).float().mean() > 0.8


def test_negative_zeros_of_an_extreme_weight_decay_reach_no_state(
    data: Dataset, make_module: Callable[..., nn.Module], make_mask: Callable[..., Mask]
) -> None:
    module = make_module()
    mask = make_mask(module)
    # 1 - lr x decay = -1: every step of AdamW flips the sign of all weights, that of +0.0 too
    extreme = {"optimiser": "adamw", "lr": 0.5, "weight_decay": 4.0}
    result = fit(module, data, mask=mask, steps=5, record_every=1, batch_size=30, snapshots=(3,), **extreme)
    for state in (result.trained, result.snapshots[3], result.early_stop or {}):
        for name, keep in mask.items():
            assert not bits(state[name])[~keep].any()


def test_masks_of_another_network_are_refused(data: Dataset, make_module: Callable[..., nn.Module]) -> None:
    module = make_module()
    with pytest.raises(TombolaError, match=r"'2\.weight', no parameter"):
        fit(module, data, record_every=10, mask=Mask({"2.weight": torch.ones(2, dtype=torch.bool)}))
    with pytest.raises(TombolaError, match=r"'1\.weight' has shape \[2\] and the weight \[20, 36\]"):
        fit(module, data, record_every=10, mask=Mask({"1.weight": torch.ones(2, dtype=torch.bool)}))

"""Pruned weights held at values other than zero: no bit of them moves, whatever the optimiser and the engine."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.networks import capture
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import Task, engines, fit
from tombola.training.hold import BITS, Hold
from tombola.training.optimisers import optimisers
from tombola.training.stacked import StackedEngine

RECIPES = {
    "sgd": {"optimiser": "sgd", "lr": 0.1, "weight_decay": 0.1},
    "momentum": {"optimiser": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {"optimiser": "adam", "lr": 0.01, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "lr": 0.01, "weight_decay": 0.1},
    "extreme decay": {"optimiser": "adamw", "lr": 0.5, "weight_decay": 4.0},
}
FORMS = {
    "dense": engines["dense"],
    "stacked": engines["stacked"],
    "stacked together": StackedEngine(arithmetic="together"),
    "stacked rehearsing capture": StackedEngine(arithmetic="together", capture=True),
}

Make = Callable[..., nn.Module]


def bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().contiguous().view(BITS[tensor.element_size()])


def test_every_optimiser_has_a_recipe_here() -> None:
    assert {recipe["optimiser"] for recipe in RECIPES.values()} == set(optimisers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_are_put_in_bit_by_bit(dtype: torch.dtype, layout: torch.memory_format) -> None:
    module = nn.Conv2d(5, 6, 3).to(dtype).to(memory_format=layout)
    generator = torch.Generator().manual_seed(1)
    keep = torch.rand(6, 5, 3, 3, generator=generator) < 0.5
    values = torch.randn(6, 5, 3, 3, generator=generator).to(dtype)
    values[0, 0] = -0.0
    hold = Hold(module, Mask({"weight": keep}).holding({"weight": values}))
    before = module.weight.detach().clone()
    module.weight.grad = torch.ones_like(module.weight)
    for _ in range(2):
        hold.weights()
        hold.gradients()
        assert torch.equal(bits(module.weight), bits(torch.where(keep, before, values)))
        assert torch.equal(module.weight.grad, keep.to(dtype))
        with torch.no_grad():
            module.weight[~keep] = float("nan")
        hold.after_step()


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["linear", "conv", "user"])
@pytest.mark.parametrize("form", FORMS)
def test_no_bit_moves_in_training(
    form: str, recipe: str, kind: str, data: Dataset, make_module: Make, make_mask: Callable[..., Mask]
) -> None:
    modules = [make_module(kind), make_module(kind)]
    train = TrainSpec.model_validate(RECIPES[recipe] | {"length": "12st", "record_every": "4st", "batch_size": 30})
    if FORMS[form].supports(modules[0], train, data.input_shape, holds_values=True):
        pytest.skip("the stacked engine has no layer graph of it")
    before = capture(modules[0])
    masks = [make_mask(modules[0]).holding(before), make_mask(modules[1])]
    for weight in modules[0].parameters():
        weight.data += 1  # what is held is what the mask says, not what it finds
    tasks = [Task(module, mask, snapshots=(1, 7)) for module, mask in zip(modules, masks, strict=True)]
    results = FORMS[form].fit(tasks, data, train, "cpu")
    for result, mask, module in zip(results, masks, modules, strict=True):
        assert result.snapshots.keys() == {1, 7}
        kept = [result.early_stop] if result.early_stop else []  # some recipes diverge
        for state in (result.trained, module.state_dict(), *result.snapshots.values(), *kept):
            for name, keep in mask.items():
                wanted = before[name] if mask.held else torch.zeros_like(before[name])
                assert torch.equal(bits(state[name])[~keep], bits(wanted)[~keep])
                assert (state[name][keep] != before[name][keep]).any()


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("form", FORMS)
def test_they_are_held_at_every_step_and_not_only_when_somebody_looks(
    form: str, recipe: str, data: Dataset, make_module: Make, make_mask: Callable[..., Mask]
) -> None:
    """Weight decay would move them between records for survivors to see: how many records there are does not matter."""

    def trained(record_every: int) -> dict[str, torch.Tensor]:
        module = make_module()
        mask = make_mask(module).holding(capture(module))
        train = TrainSpec.model_validate(
            RECIPES[recipe] | {"length": "12st", "record_every": record_every, "batch_size": 30}
        )
        return FORMS[form].fit([Task(module, mask)], data, train, "cpu")[0].trained

    seldom, always = trained(12), trained(1)
    assert all(torch.equal(bits(seldom[name]), bits(always[name])) for name in always)


@pytest.mark.parametrize("form", FORMS)
def test_weights_that_are_not_trained_are_held_too(
    form: str, data: Dataset, make_module: Make, make_mask: Callable[..., Mask]
) -> None:
    modules = [make_module(), make_module()]
    before = capture(modules[0])
    masks = [make_mask(modules[0]).holding(before), make_mask(modules[1])]
    for module in modules:
        module[1].weight.requires_grad_(False)
        module[1].weight += 1
    train = TrainSpec(length="4st", record_every="2st", batch_size=30)
    tasks = [Task(module, mask) for module, mask in zip(modules, masks, strict=True)]
    for result, mask in zip(FORMS[form].fit(tasks, data, train, "cpu"), masks, strict=True):
        held = before["1.weight"] if mask.held else torch.zeros(())
        wanted = torch.where(mask["1.weight"], before["1.weight"] + 1, held)
        assert torch.equal(bits(result.trained["1.weight"]), bits(wanted))


def test_held_weights_count_in_the_answers(data: Dataset, make_module: Make, make_mask: Callable[..., Mask]) -> None:
    module, other = make_module(), make_module()
    mask = make_mask(module, density=0.0)
    zero = fit(module, data, mask=mask, lr=1e-9, steps=1, record_every=1)
    held = fit(other, data, mask=mask.holding(capture(other)), lr=1e-9, steps=1, record_every=1)
    assert zero.records.val_accuracy[0] < held.records.val_accuracy[0] or (
        zero.records.val_loss[0] != held.records.val_loss[0]
    )
    plain = fit(make_module(), data, lr=1e-9, steps=1, record_every=1)
    assert held.records.val_loss[0] == plain.records.val_loss[0]


def test_engines_that_cannot_say_so(data: Dataset, make_module: Make, make_mask: Callable[..., Mask]) -> None:
    module = make_module()
    mask = make_mask(module)
    train = TrainSpec()
    assert engines["sparse"].supports(module, train, data.input_shape) is None
    reason = engines["sparse"].supports(module, train, data.input_shape, holds_values=True)
    assert reason is not None
    with pytest.raises(TombolaError, match="cannot hold them at other values than zero"):
        fit(module, data, mask=mask.holding(capture(module)), engine="sparse", record_every=4)

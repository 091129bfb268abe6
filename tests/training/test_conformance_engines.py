"""What every engine must do, run on all that are registered. Tolerances are stated where they apply."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.records import FINAL, GRID, START
from tombola.specs import TrainSpec
from tombola.training import Task, engines, fit

MakeModule = Callable[..., nn.Module]
MakeMask = Callable[..., Mask]
State = dict[str, torch.Tensor]

RECIPES = {
    "sgd": {"optimiser": "sgd", "lr": 0.05, "weight_decay": 0.01},
    "momentum": {"optimiser": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True},
    "adam": {"optimiser": "adam", "lr": 0.01, "beta1": 0.8, "beta2": 0.99, "eps": 1e-4, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "lr": 0.01, "eps": 1e-4, "weight_decay": 0.1},
    "schedule": {"optimiser": "sgd", "lr": 0.1, "schedule": {"kind": "cosine", "warmup": "3st"}, "length": "20st"},
}
SHORT = {"steps": 20, "batch_size": 50, "record_every": 5}
TOLERANCE = 2e-5
"""Largest difference of a weight after 20 steps from the float64 reference; weights are of order 0.1 to 1."""

pytestmark = pytest.mark.parametrize("engine", engines)


def needs(engine: str, module: nn.Module, data: Dataset, **recipe: str) -> None:
    """Skip what an engine says it cannot train; `auto` gives such networks to another one."""
    reason = engines[engine].supports(module, TrainSpec.model_validate(recipe), data.input_shape)
    if reason is not None:
        pytest.skip(f"engine {engine}: {reason}")


def states_equal(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_twenty_steps_agree_with_a_float64_reference(
    engine: str,
    kind: str,
    recipe: str,
    make_module: MakeModule,
    make_mask: MakeMask,
    data: Dataset,
    train_by_hand: Callable[..., State],
) -> None:
    module = make_module(kind)
    mask, train = make_mask(module), TrainSpec.model_validate(RECIPES[recipe] | {"batch_size": 50})
    result = fit(module, data, train, mask=mask, engine=engine, **SHORT)
    expected = train_by_hand(make_module(kind), data, mask, train, 20)
    for name, weight in expected.items():
        torch.testing.assert_close(result.trained[name].double(), weight, rtol=0, atol=TOLERANCE)
    assert result.engine == engine


def test_training_learns(engine: str, make_module: MakeModule, data: Dataset) -> None:
    module = make_module()
    result = fit(module, data, steps=150, lr=0.01, record_every=50, engine=engine)
    assert result.records.val_accuracy[0] < 0.5 < 0.9 < result.records.val_accuracy[-1]
    assert states_equal(result.trained, dict(module.state_dict()))


@pytest.mark.parametrize("kind", ["linear", "conv", "user"])
def test_same_task_gives_same_bits(
    engine: str, kind: str, make_module: MakeModule, make_mask: MakeMask, data: Dataset
) -> None:
    needs(engine, make_module(kind), data)
    mask = make_mask(make_module(kind))
    first, second = (fit(make_module(kind), data, mask=mask, engine=engine, **SHORT) for _ in range(2))
    assert states_equal(first.trained, second.trained)
    for name, column in first.records.arrays().items():
        np.testing.assert_array_equal(column, second.records.arrays()[name])


def test_seed_and_replicate_select_the_data_order(engine: str, make_module: MakeModule, data: Dataset) -> None:
    def trained(**coordinates: int) -> State:
        return fit(make_module(), data, engine=engine, **SHORT, **coordinates).trained

    assert not states_equal(trained(), trained(replicate=1))
    assert not states_equal(trained(), trained(seed=1))


def test_tasks_come_back_in_order_and_as_if_alone(
    engine: str, make_module: MakeModule, make_mask: MakeMask, data: Dataset
) -> None:
    train = TrainSpec.model_validate({"length": "20st", "batch_size": 50, "record_every": 5})
    mask = make_mask(make_module())
    tasks = [Task(make_module(), replicate=r, mask=m) for r, m in ((0, None), (1, None), (0, mask))]
    seen: list[tuple[int, int]] = []
    together = engines[engine].fit(
        tasks, data, train, "cpu", 1, lambda progress: seen.append((progress.task, progress.step))
    )
    alone = [fit(make_module(), data, train, mask=t.mask, replicate=t.replicate, engine=engine) for t in tasks]
    for one, other in zip(together, alone, strict=True):
        assert all(torch.allclose(one.trained[name], other.trained[name], atol=1e-6) for name in one.trained)
        np.testing.assert_allclose(one.records.val_loss, other.records.val_loss, rtol=1e-5)
    assert sorted(seen) == [(task, step) for task in range(3) for step in (0, 5, 10, 15, 20)]


@pytest.mark.parametrize("augment", [(), ("flip", "crop:2")])
@pytest.mark.parametrize("kind", ["linear", "user"])
def test_training_from_a_snapshot_on_is_the_unbroken_training(
    engine: str, kind: str, augment: tuple[str, ...], make_module: MakeModule, make_data: Callable[..., Dataset]
) -> None:
    # plain SGD has no state, so that the rest of the training must be the same in every bit
    data = make_data(augment=augment)
    needs(engine, make_module(kind), data)
    recipe = {"optimiser": "sgd", "lr": 0.1, "schedule": {"kind": "cosine", "warmup": "5st"}, "test_curve": True}
    whole = fit(make_module(kind), data, snapshots=(7, 20), engine=engine, **SHORT, **recipe)
    module = make_module(kind)
    module.load_state_dict(whole.snapshots[7])
    rest = fit(module, data, start_step=7, engine=engine, **SHORT, **recipe)
    assert states_equal(rest.trained, whole.trained)
    assert states_equal(whole.trained, whole.snapshots[20])
    assert rest.records.step.tolist() == [7, 10, 15, 20]
    assert rest.records.flags.tolist() == [START, GRID, GRID, GRID | FINAL]
    for name in ("val_loss", "val_accuracy", "test_accuracy"):
        np.testing.assert_array_equal(getattr(rest.records, name)[1:], getattr(whole.records, name)[2:])
    np.testing.assert_array_equal(rest.records.train_loss[2:], whole.records.train_loss[3:])


@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_bf16_trains_near_fp32(
    engine: str, kind: str, make_module: MakeModule, make_mask: MakeMask, data: Dataset
) -> None:
    needs(engine, make_module(kind), data, precision="bf16")
    mask = make_mask(make_module(kind))
    fp32, bf16 = (
        fit(make_module(kind), data, mask=mask, engine=engine, precision=precision, **SHORT)
        for precision in ("fp32", "bf16")
    )
    assert all(weight.dtype == torch.float32 for weight in bf16.trained.values())
    assert not states_equal(fp32.trained, bf16.trained)
    # bf16 has 8 bits of mantissa: losses agree to a few per cent
    np.testing.assert_allclose(bf16.records.val_loss, fp32.records.val_loss, rtol=0.05)

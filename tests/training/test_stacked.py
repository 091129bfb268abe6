"""The stacked engine on a CPU: each task as the dense engine trains it, bit for bit, whatever it is stacked with."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import FitResult, Progress, Task, engines
from tombola.training.stacked import StackedEngine

MakeData = Callable[..., Dataset]
MakeModule = Callable[..., nn.Module]
MakeMask = Callable[..., Mask]

RECIPES = {
    "nesterov": {"optimiser": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {"optimiser": "adam", "lr": 0.01},
    "adamw-bf16": {"optimiser": "adamw", "lr": 0.01, "weight_decay": 0.1, "precision": "bf16"},
}
SHORT = {"length": "20st", "batch_size": 50, "record_every": "5st"}


class Residual(nn.Module):
    """A network of every operation but adaptive pooling, whose sums go in another order."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.pool, self.average = nn.MaxPool2d(2), nn.AvgPool2d(3)
        self.hidden, self.row_norm, self.head = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.first(images)))
        x = self.average(self.pool(x + torch.tanh(self.second(x))))
        outputs: torch.Tensor = self.head(torch.relu(self.row_norm(self.hidden(x.flatten(1)))))
        return outputs


def residual(seed: int = 3) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return Residual()


def recipe(**changes: object) -> TrainSpec:
    return TrainSpec.model_validate(SHORT | changes)


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.numpy().tobytes()


def same(one: FitResult, other: FitResult) -> bool:
    """Return whether two results are the same in every bit, but for how long they took and who made them."""
    states = [(one.trained, other.trained), *((one.snapshots[step], other.snapshots[step]) for step in one.snapshots)]
    states += [(one.early_stop or {}, other.early_stop or {})]
    return (
        (one.status, one.reason, one.snapshots.keys()) == (other.status, other.reason, other.snapshots.keys())
        and all(a.keys() == b.keys() and all(bits(a[name]) == bits(b[name]) for name in a) for a, b in states)
        and all(
            np.array_equal(column, other.records.arrays()[name], equal_nan=True)
            for name, column in one.records.arrays().items()
        )
    )


@pytest.fixture
def tasks(make_module: MakeModule, make_mask: MakeMask) -> Callable[[str], list[Task]]:
    """Build four tasks of unequal masks, seeds, replicates and snapshots."""

    def make(kind: str) -> list[Task]:
        modules = [residual(seed) if kind == "residual" else make_module(kind) for seed in range(4)]
        masks = [
            None,
            *(make_mask(module, density) for module, density in zip(modules[1:], (0.5, 0.1, 1.1), strict=True)),
        ]
        return [
            Task(modules[0]),
            Task(modules[1], masks[1], replicate=1, snapshots=(7, 20)),
            Task(modules[2], masks[2], seed=1),
            Task(modules[3], masks[3], replicate=2, snapshots=(0,)),
        ]

    return make


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("kind", ["linear", "conv", "residual"])
def test_every_task_is_bit_equal_to_the_dense_engine(
    kind: str, name: str, tasks: Callable[[str], list[Task]], make_data: MakeData
) -> None:
    data = make_data(augment=("crop:2", "flip"))
    train = recipe(schedule={"kind": "cosine", "warmup": "3st"}, **RECIPES[name])
    dense = engines["dense"].fit(tasks(kind), data, train, "cpu")
    stacked = StackedEngine().fit(tasks(kind), data, train, "cpu")
    assert all(same(one, other) for one, other in zip(dense, stacked, strict=True))
    assert {result.engine for result in stacked} == {"stacked"}


@pytest.mark.parametrize("stacks", [((0, 1, 2, 3),), ((3, 1), (2, 0)), ((2,), (0, 3, 1))])
def test_stacking_does_not_matter(
    stacks: Sequence[Sequence[int]], tasks: Callable[[str], list[Task]], data: Dataset
) -> None:
    alone = [StackedEngine().fit([task], data, recipe(), "cpu")[0] for task in tasks("residual")]
    for numbers in stacks:
        chosen = tasks("residual")
        results = StackedEngine().fit([chosen[number] for number in numbers], data, recipe(), "cpu")
        assert all(same(result, alone[number]) for result, number in zip(results, numbers, strict=True))


def test_stacks_are_split_to_fit_memory(tasks: Callable[[str], list[Task]], data: Dataset) -> None:
    seen: list[tuple[int, int]] = []
    results = StackedEngine(memory=1).fit(
        tasks("linear"), data, recipe(), "cpu", 1, lambda progress: seen.append((progress.step, progress.task))
    )
    assert seen == [(step, task) for task in range(4) for step in (0, 5, 10, 15, 20)]
    together = StackedEngine(memory=2**40).fit(
        tasks("linear"), data, recipe(), "cpu", 1, lambda progress: seen.append((progress.step, progress.task))
    )
    assert seen[20:] == [(step, task) for step in (0, 5, 10, 15, 20) for task in range(4)]
    assert all(same(one, other) for one, other in zip(results, together, strict=True))


def test_unequal_tasks_go_to_stacks_of_their_own_and_come_back_in_order(
    make_module: MakeModule, make_mask: MakeMask, data: Dataset
) -> None:
    def make() -> list[Task]:
        linear, conv, frozen = make_module("linear"), make_module("conv"), make_module("linear")
        frozen[1].weight.requires_grad_(False)
        return [
            Task(linear),
            Task(conv, make_mask(conv)),
            Task(make_module("linear"), start_step=10),
            Task(frozen, make_mask(frozen)),
            Task(make_module("conv"), replicate=1),
            Task(make_module("linear"), make_mask(linear), replicate=1, start_step=10, snapshots=(15,)),
            Task(make_module("linear").double()),
        ]

    dense = engines["dense"].fit(make(), data, recipe(), "cpu")
    modules = make()
    stacked = StackedEngine().fit(modules, data, recipe(), "cpu")
    assert all(same(one, other) for one, other in zip(dense, stacked, strict=True))
    for task, result in zip(modules, stacked, strict=True):
        assert all(torch.equal(value, result.trained[name]) for name, value in task.module.state_dict().items())
        assert all(parameter.grad is None for parameter in task.module.parameters())


@pytest.mark.parametrize("arithmetic", ["separate", "together"])
@pytest.mark.parametrize("kind", ["linear", "residual"])
def test_a_network_that_fails_does_not_touch_the_others(
    arithmetic: str, kind: str, tasks: Callable[[str], list[Task]], data: Dataset
) -> None:
    def make(broken: bool) -> list[Task]:
        made = tasks(kind)
        if broken:
            with torch.no_grad():
                next(reversed(list(made[2].module.parameters()))).fill_(float("nan"))
        return made

    engine, train = StackedEngine(arithmetic=arithmetic, convolution="grouped"), recipe()
    seen: list[Progress] = []
    whole = engine.fit(make(False), data, train, "cpu")
    results = engine.fit(make(True), data, train, "cpu", 1, seen.append)
    dense = engines["dense"].fit(make(True), data, train, "cpu")[2]
    assert [result.status for result in results] == ["done", "done", "failed", "done"]
    assert results[2].reason == dense.reason == "the training loss became nan between step 0 and step 5"
    assert results[2].records.step.tolist() == dense.records.step.tolist() == [0, 5]
    assert results[2].early_stop is None
    assert [progress.step for progress in seen if progress.task == 2] == [0, 5]
    assert all(same(one, other) for number, (one, other) in enumerate(zip(whole, results, strict=True)) if number != 2)


def test_all_failing_ends_at_once(make_module: MakeModule, data: Dataset) -> None:
    train = recipe(optimiser="sgd", lr=1e38)
    results = StackedEngine().fit([Task(make_module(), replicate=r) for r in range(2)], data, train, "cpu")
    dense = engines["dense"].fit([Task(make_module(), replicate=r) for r in range(2)], data, train, "cpu")
    assert all(same(one, other) for one, other in zip(dense, results, strict=True))
    assert {result.status for result in results} == {"failed"}


def test_early_stop_states_and_tests_are_each_networks_own(make_module: MakeModule, data: Dataset) -> None:
    labels = data.train.labels.clone()
    labels[::3] = (labels[::3] + 1) % 5
    overfit = replace(data, train=Part(data.train.images, labels))
    train = TrainSpec.model_validate({"length": "100st", "lr": 0.01, "batch_size": 40, "record_every": "4st"})
    made = [[Task(make_module(kind), replicate=r) for kind in ("linear", "conv") for r in range(3)] for _ in range(2)]
    dense, stacked = engines["dense"].fit(made[0], overfit, train), StackedEngine().fit(made[1], overfit, train)
    assert len({result.records.early_stop() for result in stacked}) > 1
    assert all(same(one, other) for one, other in zip(dense, stacked, strict=True))


def test_an_interrupted_training_leaves_its_weights_in_the_modules(make_module: MakeModule, data: Dataset) -> None:
    class EnoughError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.step == 10:
            raise EnoughError

    module = make_module()
    with pytest.raises(EnoughError):
        StackedEngine().fit([Task(module)], data, recipe(), "cpu", 1, stop)
    until = StackedEngine().fit([Task(make_module(), snapshots=(10,))], data, recipe(), "cpu")[0].snapshots[10]
    assert all(torch.equal(until[name], value) for name, value in module.state_dict().items())


def test_what_it_cannot_train_has_a_reason(make_module: MakeModule, data: Dataset) -> None:
    def supports(module: nn.Module) -> str | None:
        return StackedEngine().supports(module, TrainSpec(), data.input_shape)

    assert supports(make_module("linear")) is None
    assert "layer 'group_norm' (GroupNorm)" in str(supports(make_module("user")))
    assert "layer '1' is a dropout" in str(supports(nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(36, 5))))
    assert supports(make_module("linear").requires_grad_(False)) == "the network has no trainable parameters"
    mixed = make_module("linear")
    mixed[3].double()
    assert "several types" in str(supports(mixed))
    few = Task(nn.Sequential(nn.Flatten(), nn.Linear(36, 4)))
    with pytest.raises(TombolaError, match=r"returns shape \[4\] .* 5 classes"):
        StackedEngine().fit([few], data, recipe())

"""Several networks at a time: the same bits for any number of threads, one report at a time, one end for all."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import FitResult, Progress, Task, engines
from tombola.training.sparse import engine as engine_module
from tombola.training.sparse import network as network_module

MakeData = Callable[..., Dataset]
MakeModule = Callable[..., nn.Module]
MakeMask = Callable[..., Mask]

RECIPE = TrainSpec.model_validate({"length": "20st", "batch_size": 50, "record_every": "5st", "lr": 0.01})


def same(one: FitResult, other: FitResult) -> bool:
    """Return whether two results are the same in every bit, but for the time they took."""
    states = [(one.trained, other.trained), (one.early_stop or {}, other.early_stop or {})]
    states += [(one.snapshots[step], other.snapshots[step]) for step in one.snapshots]
    columns, others = one.records.arrays(), other.records.arrays()
    return all(
        a.keys() == b.keys() and all(a[name].numpy().tobytes() == b[name].numpy().tobytes() for name in a)
        for a, b in states
    ) and all(np.array_equal(columns[name], others[name], equal_nan=True) for name in columns)


def tasks(make_module: MakeModule, make_mask: MakeMask) -> list[Task]:
    kinds = ["conv", "linear", "conv", "linear"]
    made = []
    for replicate, (kind, density) in enumerate(zip(kinds, (0.5, 0.1, 0.02, 1.1), strict=True)):
        module = make_module(kind)
        made.append(Task(module, make_mask(module, density), replicate=replicate))
    return [Task(make_module("linear"), start_step=3, snapshots=(7, 20)), *made]


@pytest.mark.parametrize("augment", [(), ("flip", "crop:2")])
def test_threads_do_not_change_a_bit(
    augment: tuple[str, ...], make_module: MakeModule, make_mask: MakeMask, make_data: MakeData
) -> None:
    data, engine = make_data(augment=augment), engines["sparse"]
    seen: list[tuple[int, int]] = []
    one = engine.fit(tasks(make_module, make_mask), data, RECIPE, "cpu", 1)
    for threads in (2, 8):
        several = engine.fit(
            tasks(make_module, make_mask), data, RECIPE, "cpu", threads, lambda p: seen.append((p.task, p.step))
        )
        assert all(same(a, b) for a, b in zip(one, several, strict=True))
        steps = [(0, step) for step in (3, 5, 10, 15, 20)]
        steps += [(task, step) for task in range(1, 5) for step in (0, 5, 10, 15, 20)]
        assert sorted(seen) == steps
        seen.clear()


def test_no_network_is_traced_beside_another(
    make_module: MakeModule, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # torch.fx patches nn.Module itself while it traces: two threads at it leave it broken
    callers: list[threading.Thread] = []
    read = engine_module.read_layers

    def watched(module: nn.Module, shape: tuple[int, ...]) -> object:
        callers.append(threading.current_thread())
        return read(module, shape)

    monkeypatch.setattr(engine_module, "read_layers", watched)
    monkeypatch.setattr(network_module, "read_layers", watched)
    call = nn.Module.__call__
    engines["sparse"].fit([Task(make_module(), replicate=r) for r in range(6)], data, RECIPE, "cpu", 3)
    assert set(callers) == {threading.main_thread()}
    assert len(callers) == 6
    assert nn.Module.__call__ is call


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_stops_all_trainings(threads: int, make_module: MakeModule, data: Dataset) -> None:
    seen: list[tuple[int, int]] = []

    def stop(progress: Progress) -> None:
        seen.append((progress.task, progress.step))
        if len(seen) == 3:
            raise KeyboardInterrupt

    made = [Task(make_module(), replicate=r) for r in range(5)]
    with pytest.raises(KeyboardInterrupt):
        engines["sparse"].fit(made, data, RECIPE, "cpu", threads, stop)
    assert len(seen) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_a_network_that_diverges_does_not_touch_the_others(
    threads: int, make_module: MakeModule, data: Dataset
) -> None:
    def make(broken: bool) -> list[Task]:
        made = [Task(make_module("conv"), replicate=r) for r in range(3)]
        if broken:
            made[1].module[0].weight.data[0] = float("nan")
        return made

    whole, results = (engines["sparse"].fit(make(broken), data, RECIPE, "cpu", threads) for broken in (False, True))
    assert [result.status for result in results] == ["done", "failed", "done"]
    assert results[1].reason == "the training loss became nan between step 0 and step 5"
    assert same(whole[0], results[0])
    assert same(whole[2], results[2])

import doctest
import importlib
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.specs import ScheduleSpec, TrainSpec
from tombola.training import Progress, fit
from tombola.training.fit import changed

MakeModule = Callable[..., nn.Module]
SHORT = {"steps": 10, "batch_size": 50, "record_every": 5}


@pytest.mark.parametrize("name", ["fit", "schedule"])
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"tombola.training.{name}"))
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("kind", ["linear", "conv", "user"])
def test_nothing_is_left_behind(kind: str, make_module: MakeModule, data: Dataset) -> None:
    module = make_module(kind).train()
    next(module.children()).eval()
    parameters, modes = list(module.parameters()), [part.training for part in module.modules()]
    strides, attributes = (
        [p.stride() for p in parameters],
        {name: set(vars(part)) for name, part in module.named_modules()},
    )
    rng, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit(module, data, threads=threads + 1, **SHORT)
    assert all(now is before for now, before in zip(module.parameters(), parameters, strict=True))
    assert [p.stride() for p in parameters] == strides
    assert all(p.grad is None for p in parameters)
    assert [part.training for part in module.modules()] == modes
    assert {name: set(vars(part)) for name, part in module.named_modules()} == attributes
    assert not any(part._forward_hooks or part._forward_pre_hooks or part._backward_hooks for part in module.modules())
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert torch.get_num_threads() == threads


def test_a_user_module_trains_all_it_may(make_module: MakeModule, data: Dataset) -> None:
    module = make_module("user")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trained = fit(module, data, **SHORT).trained
    moved = {name for name in before if not torch.equal(before[name], trained[name])}
    assert moved == before.keys() - {"frozen", "unused"}
    assert trained["batch_norm.num_batches_tracked"] == 10


def test_result_does_not_depend_on_torch_s_own_thread_setting_or_generator(
    make_module: MakeModule, data: Dataset
) -> None:
    before = torch.get_num_threads()
    states = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with torch.random.fork_rng([]):
                torch.manual_seed(threads)
                states.append(fit(make_module("user"), data, **SHORT).trained)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_double_precision_modules_train_in_double_precision(make_module: MakeModule, data: Dataset) -> None:
    result = fit(make_module().double(), data, **SHORT)
    assert result.status == "done"
    assert result.trained["1.weight"].dtype == torch.float64


def test_no_step_waits_for_the_device(make_module: MakeModule, data: Dataset) -> None:
    class Waits(TorchDispatchMode):
        """Counts the operations that copy a value from the device into Python."""

        count = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.count += function is torch.ops.aten._local_scalar_dense.default
            return function(*args, **(kwargs or {}))

    counts = []
    for steps in (10, 40):
        with Waits() as waits:
            fit(make_module(), data, steps=steps, record_every=steps, batch_size=20)
        counts.append(waits.count)
    assert counts[0] == counts[1]


def test_progress_is_reported_at_every_record(make_module: MakeModule, data: Dataset) -> None:
    seen: list[Progress] = []
    records = fit(make_module(), data, start_step=3, on_record=seen.append, **SHORT).records
    assert [(p.step, p.total_steps, p.task) for p in seen] == [(3, 10, 0), (5, 10, 0), (10, 10, 0)]
    assert [p.val_loss for p in seen] == records.val_loss.tolist()
    assert [p.train_loss for p in seen[1:]] == records.train_loss.tolist()[1:]


def test_an_exception_in_on_record_stops_training_and_puts_everything_back(
    make_module: MakeModule, data: Dataset
) -> None:
    module = make_module("conv")
    strides = [parameter.stride() for parameter in module.parameters()]

    def interrupt(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(module, data, on_record=interrupt, **SHORT)
    assert [parameter.stride() for parameter in module.parameters()] == strides


def test_changes_replace_fields_of_the_recipe() -> None:
    train = TrainSpec(lr=0.5, length="3ep", optimiser="sgd")
    assert changed(train, {}) == train
    assert changed(train, {"steps": 7}).length == "7st"
    assert changed(train, {"epochs": 2, "lr": 0.1}) == TrainSpec(lr=0.1, length="2ep", optimiser="sgd")
    assert changed(train, {"schedule": ScheduleSpec(kind="cosine")}).schedule.kind == "cosine"
    assert changed(train, {"schedule": {"kind": "cosine"}}).schedule.kind == "cosine"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 1}, r"unknown field 'train\.learning_rate'"),
        ({"lr": -1}, r"train\.lr = -1"),
        ({"steps": 0}, r"train\.steps = 0: a positive whole number"),
        ({"steps": 5, "epochs": 5}, "both set the length"),
        ({"optimiser": "adagrad"}, r"train\.optimiser = 'adagrad'"),
        ({"engine": "warp"}, "unknown engine 'warp'"),
        ({"device": "tpu"}, "device 'tpu' is unknown"),
        ({"threads": 0}, "threads = 0"),
        ({"batch_size": 1000}, "exceeds the 240 training samples"),
        ({"steps": 10, "record_every": 50}, r"train\.record_every = '50st' is longer than training"),
    ],
)
def test_mistakes_are_told_before_anything_is_computed(
    changes: dict[str, object], message: str, make_module: MakeModule, data: Dataset
) -> None:
    module = make_module()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(TombolaError, match=message):
        fit(module, data, **{"record_every": 5} | changes)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_network_without_trainable_parameters_is_refused(data: Dataset) -> None:
    with pytest.raises(TombolaError, match="no trainable parameters"):
        fit(nn.Flatten(), data, **SHORT)

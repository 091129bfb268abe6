"""What every engine must record and keep, and how it must fail. Run on all that are registered."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import engines, fit

MakeModule = Callable[..., nn.Module]
State = dict[str, torch.Tensor]

SHORT = {"steps": 20, "batch_size": 50, "record_every": 5}

pytestmark = pytest.mark.parametrize("engine", engines)


def states_equal(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def overfit(data: Dataset) -> Dataset:
    """A third of the training labels is wrong and learnt by heart late, so that validation gets worse again."""
    labels = data.train.labels.clone()
    labels[::3] = (labels[::3] + 1) % 5
    return replace(data, train=Part(data.train.images, labels))


LONG = {"steps": 200, "lr": 0.01, "batch_size": 40, "record_every": 20}


def test_early_stop_state_is_that_of_its_record(engine: str, make_module: MakeModule, overfit: Dataset) -> None:
    result = fit(make_module(), overfit, engine=engine, **LONG)
    position = result.records.early_stop()
    assert position is not None
    step = int(result.records.step[position])
    assert 0 < step < 200
    assert result.early_stop is not None
    again = fit(make_module(), overfit, engine=engine, snapshots=(step,), **LONG)
    assert states_equal(result.early_stop, again.snapshots[step])


def test_early_stop_is_where_and_what_the_dense_engine_says(
    engine: str, make_module: MakeModule, make_mask: Callable[..., Mask], overfit: Dataset
) -> None:
    recipe = LONG | {"lr": 0.003, "eps": 1e-3, "record_every": 10}
    # float32 against float64 after up to 200 steps; in the pooled network rounding decides between equal maxima
    for kind, density, tolerance in (("linear", 0.5, 5e-4), ("linear", 0.02, 5e-4), ("conv", 0.3, 1e-2)):
        mask = make_mask(make_module(kind), density)
        exact = fit(make_module(kind).double(), overfit, mask=mask, engine="dense", **recipe)
        result = fit(make_module(kind), overfit, mask=mask, engine=engine, **recipe)
        assert result.records.early_stop() == exact.records.early_stop()
        assert result.early_stop is not None
        assert exact.early_stop is not None
        for name, wanted in exact.early_stop.items():
            torch.testing.assert_close(result.early_stop[name].double(), wanted, rtol=0, atol=tolerance)


def test_train_loss_is_the_mean_since_the_previous_record(engine: str, make_module: MakeModule, data: Dataset) -> None:
    every, fourth = (
        fit(make_module(), data, engine=engine, **SHORT | {"record_every": interval}).records.train_loss
        for interval in (1, 4)
    )
    assert np.isnan(every[0])
    assert np.isnan(fourth[0])
    np.testing.assert_allclose(fourth[1:], every[1:].reshape(-1, 4).mean(1), rtol=1e-6)


@pytest.mark.parametrize("curve", [True, False])
def test_test_accuracy_at_every_record_or_where_it_counts(
    engine: str, curve: bool, make_module: MakeModule, overfit: Dataset
) -> None:
    module = make_module()
    result = fit(module, overfit, engine=engine, test_curve=curve, **LONG)
    reference = fit(make_module(), overfit, engine=engine, test_curve=True, **LONG)
    full, stop = reference.records.test_accuracy, result.records.early_stop()
    assert stop not in (0, len(full) - 1)
    wanted = set(range(len(full))) if curve else {stop, len(full) - 1}
    for position, value in enumerate(result.records.test_accuracy):
        assert value == full[position] if position in wanted else np.isnan(value)
    assert states_equal(result.trained, reference.trained)
    assert states_equal(result.trained, dict(module.state_dict()))


def test_diverging_training_fails_and_keeps_its_records(engine: str, make_module: MakeModule, data: Dataset) -> None:
    class Bomb(nn.Module):
        """Returns NaN from training step 12 on."""

        def __init__(self) -> None:
            super().__init__()
            self.body = make_module()
            self.steps = 0

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.steps += self.training
            outputs: torch.Tensor = self.body(images)
            return outputs * float("nan") if self.steps >= 12 else outputs

    if engines[engine].supports(Bomb(), TrainSpec(), data.input_shape) is not None:
        pytest.skip(f"engine {engine} takes no custom modules")
    result = fit(Bomb(), data, engine=engine, **SHORT)
    assert result.status == "failed"
    assert result.reason == "the training loss became nan between step 10 and step 15"
    assert result.records.step.tolist() == [0, 5, 10, 15]
    assert np.isnan(result.records.train_loss[-1])
    assert np.isfinite(result.records.val_loss[:-1]).all()
    assert result.records.early_stop() == 2
    assert result.early_stop is not None


def test_overflowing_training_fails(engine: str, make_module: MakeModule, data: Dataset) -> None:
    result = fit(make_module(), data, engine=engine, optimiser="sgd", **SHORT | {"lr": 1e38})
    assert result.status == "failed"
    assert "between step 0 and step 5" in result.reason


def test_training_without_any_finite_validation_loss_fails(engine: str, make_module: MakeModule, data: Dataset) -> None:
    module = make_module("user")
    if engines[engine].supports(module, TrainSpec(), data.input_shape) is not None:
        pytest.skip(f"engine {engine} takes no batch norm")
    # one huge variance makes the evaluation overflow while training, which uses batch statistics, goes on
    module.batch_norm.register_buffer("running_mean", torch.full((4,), float("nan")))
    result = fit(module, data, engine=engine, **SHORT)
    assert (result.status, result.reason) == ("failed", "no record has a finite validation loss")
    assert result.early_stop is None
    assert np.isfinite(result.records.train_loss[1:]).all()

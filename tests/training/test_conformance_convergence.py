"""What every engine must do with a convergence rule. Run on all that support one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part
from tombola.errors import TombolaError
from tombola.pruning import Mask
from tombola.records import FINAL, GRID, RESTORED, START
from tombola.specs import ConvergeSpec, TrainSpec
from tombola.training import FitResult, engines, fit
from tombola.training.evaluate import evaluate

MakeModule = Callable[..., nn.Module]
PER_EPOCH = 6
RULE = {"rule": "absolute", "metric": "val_loss", "patience": 3}
RECIPE = {"epochs": 40, "lr": 0.01, "batch_size": 40, "record_every": "1ep"}

ABLE = [
    name
    for name in engines
    if engines[name].supports(
        nn.Sequential(nn.Flatten(), nn.Linear(36, 5)), TrainSpec(converge=ConvergeSpec(rule="absolute")), (1, 6, 6)
    )
    is None
]
pytestmark = pytest.mark.parametrize("engine", ABLE)


@pytest.fixture
def overfit(data: Dataset) -> Dataset:
    """A third of the training labels is wrong and learnt by heart late, so that validation gets worse again."""
    labels = data.train.labels.clone()
    labels[::3] = (labels[::3] + 1) % 5
    return replace(data, train=Part(data.train.images, labels))


def trained(make_module: MakeModule, data: Dataset, engine: str, **more: object) -> FitResult:
    return fit(make_module(more.pop("kind", "linear")), data, engine=engine, **(RECIPE | {"converge": RULE} | more))


def states_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_training_ends_after_patience_and_the_best_epoch_is_restored(
    engine: str, kind: str, make_module: MakeModule, overfit: Dataset, make_mask: Callable[..., Mask]
) -> None:
    mask = make_mask(make_module(kind))
    result = trained(make_module, overfit, engine, kind=kind, mask=mask)
    losses = result.records.val_loss[1:]
    assert result.stop_reason == "converged"
    assert result.best_epoch == int(np.argmin(losses)) < result.epochs - 1
    assert result.epochs == result.best_epoch + 1 + 3 == len(losses) < 40
    assert result.steps == result.epochs * PER_EPOCH
    # the same training without a rule, stopped where the best epoch ended, has exactly these weights
    plain = trained(
        make_module, overfit, engine, kind=kind, mask=mask, converge=ConvergeSpec(), epochs=result.best_epoch + 1
    )
    assert result.restored is not None
    assert states_equal(result.restored, plain.trained)
    assert states_equal(result.trained, result.restored)
    assert result.early_stop is not None
    assert states_equal(result.early_stop, result.restored)
    assert all(not result.trained[name][~keep].any() for name, keep in mask.items())


def test_a_rule_changes_no_bit_of_what_is_measured_on_the_way(
    engine: str, make_module: MakeModule, overfit: Dataset
) -> None:
    ruled = trained(make_module, overfit, engine)
    plain = trained(make_module, overfit, engine, converge=ConvergeSpec())
    count = len(ruled.records.step)
    for name in ("step", "train_loss", "val_loss", "val_accuracy"):
        np.testing.assert_array_equal(getattr(ruled.records, name), getattr(plain.records, name)[:count])
    assert plain.records.train_accuracy is None
    assert plain.convergence is None
    assert (plain.stop_reason, plain.best_epoch, plain.restored) == ("length", None, None)
    assert set(plain.records.arrays()) == set(ruled.records.arrays()) - {"train_accuracy", "lr"}


def test_figures_are_those_of_the_restored_weights(engine: str, make_module: MakeModule, overfit: Dataset) -> None:
    # B5: the highest training accuracy of any epoch is not that of the restored weights
    module = make_module()
    result = fit(module, overfit, engine=engine, converge=RULE, **RECIPE)
    found = result.convergence
    assert found is not None
    assert states_equal(result.trained, dict(module.state_dict()))
    for part in ("train", "validation", "test"):
        expected = evaluate(module, overfit, part)  # type: ignore[arg-type]
        assert found.restored[part].accuracy == expected.accuracy
        assert found.restored[part].loss == pytest.approx(expected.loss, rel=1e-6)
    assert found.max_train_accuracy == pytest.approx(np.nanmax(result.records.train_accuracy))
    assert found.max_train_accuracy > found.restored["train"].accuracy
    before = evaluate(make_module(), overfit, "test")
    assert found.before["test"].accuracy == before.accuracy
    assert len(found.epoch_seconds) == found.epochs
    assert found.row()["restored"]["test"]["correct"] == found.restored["test"].correct


def test_the_restored_record_is_flagged_and_is_the_early_stop(
    engine: str, make_module: MakeModule, overfit: Dataset
) -> None:
    # by accuracy, so that the smallest loss is another record
    rule = {"rule": "relative", "delta": 0.2, "patience": 4}
    result = trained(make_module, overfit, engine, converge=rule)
    records = result.records
    position = records.early_stop()
    assert position == result.best_epoch + 1 != int(np.argmin(records.val_loss[1:])) + 1
    assert records.flags[position] & RESTORED
    assert np.count_nonzero(records.flags & RESTORED) == 1
    assert records.flags[-1] & FINAL
    assert records.flags[0] == START
    assert result.convergence is not None
    assert records.test_accuracy[position] == result.convergence.restored["test"].accuracy
    assert records.test_accuracy[0] == result.convergence.before["test"].accuracy
    assert np.isfinite(records.test_accuracy[-1])


@pytest.mark.parametrize("patience", [2, 60])
def test_without_improvement_the_initial_weights_are_kept(
    engine: str, patience: int, make_module: MakeModule, data: Dataset, make_mask: Callable[..., Mask]
) -> None:
    module = make_module()
    mask = make_mask(module)
    rule = {"rule": "absolute", "delta": 1.5, "patience": patience}  # no accuracy gains 150 points
    result = fit(module, data, engine=engine, mask=mask, converge=rule, **(RECIPE | {"epochs": 5}))
    initial = make_module().state_dict()
    for name, keep in mask.items():
        initial[name][~keep] = 0
    assert result.status == "done"
    assert result.best_epoch is None
    assert result.stop_reason == ("converged" if patience == 2 else "length")
    assert result.epochs == min(patience, 5)
    assert states_equal(result.trained, dict(initial))
    assert result.records.early_stop() == 0
    assert result.records.flags[0] == START | RESTORED
    assert result.convergence is not None
    assert result.convergence.best == result.records.val_accuracy[0]


def test_epochs_are_looked_at_whatever_the_interval_of_records(
    engine: str, make_module: MakeModule, overfit: Dataset
) -> None:
    by_epoch = trained(make_module, overfit, engine)
    finer = trained(make_module, overfit, engine, record_every="4st")
    assert (finer.best_epoch, finer.epochs) == (by_epoch.best_epoch, by_epoch.epochs)
    assert states_equal(finer.trained, by_epoch.trained)
    assert set(by_epoch.records.step.tolist()) <= set(finer.records.step.tolist())
    assert all(flags & GRID for flags in finer.records.flags[1:])
    assert finer.convergence is not None
    assert by_epoch.convergence is not None
    assert finer.convergence.max_train_accuracy == by_epoch.convergence.max_train_accuracy


def test_train_accuracy_and_learning_rate_are_recorded(engine: str, make_module: MakeModule, data: Dataset) -> None:
    # one step of the whole training part, so that the accuracy in training is that of the weights before it
    recipe = {"epochs": 4, "batch_size": 240, "lr": 0.1, "optimiser": "sgd", "record_every": "1ep"}
    recipe["schedule"] = {"kind": "steps", "milestones": ["2st"]}
    module = make_module()
    start = evaluate(module, data, "train").accuracy
    result = fit(module, data, engine=engine, converge={"rule": "absolute", "patience": 9}, **recipe)
    records = result.records
    assert records.train_accuracy is not None
    assert records.lr is not None
    assert np.isnan(records.train_accuracy[0])
    assert records.train_accuracy[1] == start
    np.testing.assert_allclose(records.lr, [np.nan, 0.1, 0.1, 0.01, 0.01])


def test_a_state_asked_for_is_reached_before_training_ends(
    engine: str, make_module: MakeModule, overfit: Dataset
) -> None:
    early = trained(make_module, overfit, engine)
    late = early.steps + 2 * PER_EPOCH
    result = trained(make_module, overfit, engine, snapshots=(late,))
    assert set(result.snapshots) == {late}
    assert result.steps == late
    assert result.best_epoch == early.best_epoch


def test_training_from_step_k_counts_its_own_epochs(engine: str, make_module: MakeModule, overfit: Dataset) -> None:
    result = trained(make_module, overfit, engine, start_step=9, epochs=4, converge={"rule": "absolute", "patience": 9})
    assert result.records.step.tolist() == [9, 12, 18, 24]
    assert result.epochs == 3
    assert result.steps == 15


def test_a_training_shorter_than_an_epoch_is_judged_at_its_end(
    engine: str, make_module: MakeModule, data: Dataset
) -> None:
    result = fit(make_module(), data, engine=engine, steps=2, batch_size=40, record_every=1, converge=RULE)
    assert (result.epochs, result.best_epoch, result.stop_reason) == (1, 0, "length")


def test_a_training_that_diverges_fails_as_without_a_rule(engine: str, make_module: MakeModule, data: Dataset) -> None:
    result = fit(make_module("conv"), data, engine=engine, optimiser="sgd", converge=RULE, **(RECIPE | {"lr": 1e30}))
    assert (result.status, result.stop_reason, result.convergence) == ("failed", "failed", None)
    assert "loss" in result.reason


def test_augmented_batches_are_counted(engine: str, make_module: MakeModule, make_data: Callable[..., Dataset]) -> None:
    result = trained(make_module, make_data(augment=("flip",)), engine, epochs=3)
    assert result.records.train_accuracy is not None
    assert (result.records.train_accuracy[1:] > 0.2).all()
    assert (result.records.train_accuracy[1:] <= 1).all()


def test_the_stacked_engine_says_that_it_cannot(engine: str, make_module: MakeModule, data: Dataset) -> None:
    with pytest.raises(TombolaError, match=r"engine 'stacked' cannot train this network: .*train\.converge"):
        trained(make_module, data, "stacked")

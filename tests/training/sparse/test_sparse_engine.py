"""The sparse engine behind `fit`: augmentation, resumption, threads, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset, Part
from tombola.data.normalisation import Normalisation
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import FitResult, fit
from tombola.training.sparse import learner as learner_module

MakeData = Callable[..., Dataset]
MakeModule = Callable[..., nn.Module]
MakeMask = Callable[..., Mask]

SHORT = {"steps": 20, "batch_size": 50, "record_every": 5}
RECIPE = TrainSpec.model_validate({"length": "20st", "batch_size": 50, "record_every": "5st", "lr": 0.01})
TOLERANCE = 2e-5
"""Largest difference of a weight or loss after 20 steps from the dense engine; weights are of order 0.1 to 1."""


def near(one: FitResult, other: FitResult) -> None:
    """Compare two results but for rounding; accuracies and early stop exactly."""
    for name, weight in one.trained.items():
        torch.testing.assert_close(other.trained[name], weight, rtol=0, atol=TOLERANCE, msg=name)
    assert one.early_stop is not None
    assert other.early_stop is not None
    for name, weight in one.early_stop.items():
        torch.testing.assert_close(other.early_stop[name], weight, rtol=0, atol=TOLERANCE, msg=name)
    assert other.snapshots.keys() == one.snapshots.keys()
    for step, state in one.snapshots.items():
        for name, weight in state.items():
            torch.testing.assert_close(other.snapshots[step][name], weight, rtol=0, atol=TOLERANCE)
    for name, column in one.records.arrays().items():
        np.testing.assert_allclose(other.records.arrays()[name], column, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("augment", [(), ("flip", "crop:2")])
@pytest.mark.parametrize("kind", ["linear", "conv"])
@pytest.mark.parametrize("start", [0, 6])
def test_it_trains_as_the_dense_engine_does(
    start: int, kind: str, augment: tuple[str, ...], make_module: MakeModule, make_mask: MakeMask, make_data: MakeData
) -> None:
    three = Normalisation("three", (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
    data = make_data(shape=(3, 6, 6), augment=augment, normalisation=three)
    mask = make_mask(make_module(kind, 3))
    schedule = {"kind": "cosine", "warmup": "3st"}
    coordinates = {"seed": 1, "replicate": 2, "start_step": start, "snapshots": (start, 7, 13)}
    dense, sparse = (
        fit(
            make_module(kind, 3), data, mask=mask, engine=name, optimiser="sgd", momentum=0.9, lr=0.02,
            schedule=schedule, test_curve=True, **coordinates, **SHORT,
        )
        for name in ("dense", "sparse")
    )  # fmt: skip
    near(dense, sparse)
    assert (sparse.engine, sparse.device, sparse.threads) == ("sparse", "cpu", 1)


@pytest.mark.parametrize("chunk", [1, 3, 50])
def test_augmented_steps_are_taken_in_chunks_of_any_length(
    chunk: int, monkeypatch: pytest.MonkeyPatch, make_module: MakeModule, make_data: MakeData
) -> None:
    data = make_data(augment=("flip", "crop:2"))
    wanted = fit(make_module("conv"), data, engine="sparse", **SHORT)
    monkeypatch.setattr(learner_module, "AUGMENTED_STEPS", chunk)
    given = fit(make_module("conv"), data, engine="sparse", **SHORT)
    np.testing.assert_allclose(given.records.train_loss, wanted.records.train_loss, rtol=1e-12)
    assert all(torch.equal(given.trained[name], value) for name, value in wanted.trained.items())


@pytest.mark.parametrize("augment", [(), ("flip", "crop:2")])
def test_the_rest_of_a_training_is_bit_equal(
    augment: tuple[str, ...], make_module: MakeModule, make_mask: MakeMask, make_data: MakeData
) -> None:
    # plain SGD has no memory, so that a training from a snapshot on is the unbroken one
    data, mask = make_data(augment=augment), make_mask(make_module("conv"))
    whole = fit(make_module("conv"), data, mask=mask, engine="sparse", optimiser="sgd", snapshots=(7,), **SHORT)
    module = make_module("conv")
    module.load_state_dict(whole.snapshots[7])
    rest = fit(module, data, mask=mask, engine="sparse", optimiser="sgd", start_step=7, **SHORT)
    assert all(torch.equal(rest.trained[name], value) for name, value in whole.trained.items())


def test_test_accuracy_at_early_stop_is_that_of_its_state(make_module: MakeModule, data: Dataset) -> None:
    labels = data.train.labels.clone()
    labels[::3] = (labels[::3] + 1) % 5
    data = replace(data, train=Part(data.train.images, labels))
    recipe = {"steps": 200, "lr": 0.01, "batch_size": 40, "record_every": 20, "engine": "sparse"}
    once, always = (fit(make_module(), data, test_curve=curve, **recipe) for curve in (False, True))
    stop = once.records.early_stop()
    assert stop == always.records.early_stop()
    assert always.records.test_accuracy[stop] != always.records.test_accuracy[-1]
    for position in (stop, -1):
        assert once.records.test_accuracy[position] == always.records.test_accuracy[position]
    assert all(torch.equal(once.trained[name], value) for name, value in always.trained.items())


def test_module_keeps_its_modes_and_parameters(make_module: MakeModule, data: Dataset) -> None:
    module = make_module("conv").train()
    next(module.children()).eval()
    parameters, modes = list(module.parameters()), [part.training for part in module.modules()]
    result = fit(module, data, engine="sparse", **SHORT)
    assert all(one is other for one, other in zip(module.parameters(), parameters, strict=True))
    assert [part.training for part in module.modules()] == modes
    assert all(parameter.grad is None for parameter in parameters)
    assert all(torch.equal(result.trained[name], value) for name, value in module.state_dict().items())

"""Networks whose first convolutions PyTorch computes: they train, evaluate and end as with the dense engine."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.data.dataset import Dataset
from tombola.networks.graph import layer_graph
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import FitResult, Task, engines, fit
from tombola.training.evaluate import evaluate
from tombola.training.sparse import choice
from tombola.training.sparse import engine as engine_module
from tombola.training.sparse.split import _seams

MakeCase = Callable[..., Any]
MakeData = Callable[..., Dataset]

SHAPE = (2, 10, 9)
SHORT = {"steps": 16, "batch_size": 40, "record_every": 4}
TOLERANCE = 2e-5
"""Largest difference of a weight or statistic from the dense engine in float64 after 16 steps.

Weights are of order 0.1 to 1. Where float32 itself loses more, up to four times of what the dense engine loses.
"""
RECIPES: list[dict[str, Any]] = [
    {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    {"optimiser": "adam", "lr": 0.003, "eps": 1e-3, "weight_decay": 0.01},
    {"optimiser": "adamw", "lr": 0.003, "eps": 1e-3, "weight_decay": 0.1},
]
CUTS = [("conv", 0), ("conv", 1), ("conv", 2), ("norm", 0), ("norm", 1), ("strided", -1), ("pool first", 1)]
CUTS += [("residual", 0), ("residual", 1), ("residual", 3), ("sums", 0), ("before", 0), ("before", 1)]


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module, int], int]:
    """Cut a network at one of its seams, whatever the rule says."""

    def cut(module: nn.Module, number: int) -> int:
        seams = sorted(_seams(layer_graph(module, SHAPE).nodes))
        monkeypatch.setattr(choice, "dense_end", lambda *_: seams[number])
        return seams[number]

    return cut


def masked(case: Any) -> Mask:
    return Mask(case.mask)


@pytest.mark.parametrize("density", [1.0, 0.3, "one", "dead 1", "dead -1"])
@pytest.mark.parametrize(("body", "number"), CUTS)
def test_it_trains_as_the_dense_engine_does(
    body: str, number: int, density: float | str, cut: Any, make_case: MakeCase, make_data: MakeData
) -> None:
    data = make_data(shape=SHAPE)
    cut(make_case(body).module, number)
    # PyTorch's batch norm makes noise of a constant, and Adam makes steps of noise: what is dead is left to SGD
    recipe = RECIPES[0 if "dead" in str(density) else (len(body) + number + len(str(density))) % 3]
    results = []
    for engine, dtype in (("dense", torch.float64), ("dense", torch.float32), ("sparse", torch.float32)):
        case = make_case(body, density)
        module = case.module.to(dtype)
        results.append(fit(module, data, mask=masked(case), engine=engine, snapshots=(7,), **SHORT, **recipe))
    exact, single, split = results
    assert split.engine == "sparse"
    for wanted, rounded, given in ((r.trained, s.trained, t.trained) for r, s, t in [(exact, single, split)]):
        for name, value in wanted.items():
            error, unavoidable = (float((state[name].double() - value).abs().max()) for state in (given, rounded))
            assert error <= max(TOLERANCE, 4 * unavoidable), (name, error, unavoidable)
    for state in (split.trained, split.early_stop or {}, *split.snapshots.values()):
        for name, keep in case.mask.items():  # +0.0 in every bit: nothing was revived
            assert not state[name].contiguous().view(torch.int32)[~keep].any()
    for name, column in exact.records.arrays().items():
        rounding = np.abs(single.records.arrays()[name] - column)
        error = np.abs(split.records.arrays()[name] - column)
        # one of the 70 answers may be a tie but for rounding
        allowed = 0.021 if "accuracy" in name else np.fmax(TOLERANCE, 4 * np.nan_to_num(rounding))
        assert (np.nan_to_num(error) <= allowed).all(), (name, error, rounding)


@pytest.mark.parametrize(("body", "number"), [("conv", 1), ("residual", 1)])
def test_threads_and_neighbours_do_not_change_bits(
    body: str, number: int, cut: Any, make_case: MakeCase, make_data: MakeData
) -> None:
    data, train = make_data(shape=SHAPE), TrainSpec(length="12st", record_every="6st", batch_size=30)
    cut(make_case(body).module, number)

    def tasks() -> list[Task]:
        cases = [make_case(body, 0.5, seed) for seed in range(4)]
        return [Task(case.module, masked(case), replicate=seed) for seed, case in enumerate(cases)]

    alone = [engines["sparse"].fit([task], data, train, "cpu")[0] for task in tasks()]
    for threads in (1, 3):
        for one, other in zip(alone, engines["sparse"].fit(tasks(), data, train, "cpu", threads), strict=True):
            assert same(one, other)


def same(one: FitResult, other: FitResult) -> bool:
    return all(torch.equal(one.trained[name], other.trained[name]) for name in one.trained) and all(
        np.array_equal(column, other.records.arrays()[name], equal_nan=True)
        for name, column in one.records.arrays().items()
    )


@pytest.mark.parametrize("augment", [(), ("flip", "crop:2")])
def test_the_rest_of_a_training_is_bit_equal(
    augment: tuple[str, ...], cut: Any, make_case: MakeCase, make_data: MakeData
) -> None:
    data, case = make_data(shape=SHAPE, augment=augment), make_case("norm", 0.5)
    cut(case.module, 0)
    whole = fit(case.module, data, mask=masked(case), engine="sparse", optimiser="sgd", snapshots=(7,), **SHORT)
    module = make_case("norm", 0.5).module
    module.load_state_dict(whole.snapshots[7])
    rest = fit(module, data, mask=masked(case), engine="sparse", optimiser="sgd", start_step=7, **SHORT)
    assert all(torch.equal(rest.trained[name], value) for name, value in whole.trained.items())


def test_records_are_those_of_the_module(cut: Any, make_case: MakeCase, make_data: MakeData) -> None:
    data, case = make_data(shape=SHAPE), make_case("residual", 0.5)
    cut(case.module, 1)
    result = fit(case.module, data, mask=masked(case), engine="sparse", test_curve=True, **SHORT)
    for part, column in (("validation", "val_accuracy"), ("test", "test_accuracy")):
        assert evaluate(case.module, data, part).accuracy == pytest.approx(result.records.arrays()[column][-1])
    loss = evaluate(case.module, data, "validation").loss
    assert loss == pytest.approx(result.records.val_loss[-1], rel=1e-5)
    assert case.module.stem[1].num_batches_tracked == case.module.blocks[2].norm2.num_batches_tracked == 16


def test_the_module_keeps_parameters_layout_and_modes(cut: Any, make_case: MakeCase, make_data: MakeData) -> None:
    case = make_case("norm", 0.5)
    module = case.module
    cut(module, 1)
    parameters, strides = list(module.parameters()), [parameter.stride() for parameter in module.parameters()]
    module[1].eval()
    modes = [part.training for part in module.modules()]
    result = fit(module, make_data(shape=SHAPE), mask=masked(case), engine="sparse", **SHORT)
    assert all(one is other for one, other in zip(module.parameters(), parameters, strict=True))
    assert [parameter.stride() for parameter in parameters] == strides
    assert all(parameter.grad is None for parameter in parameters)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(result.trained[name], value) for name, value in module.state_dict().items())


def test_a_network_that_is_split_by_the_rule_learns(make_data: MakeData) -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        body = (nn.Conv2d(2, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        module = nn.Sequential(*body, nn.Flatten(), nn.Linear(640, 5))
    data = make_data(shape=SHAPE)
    layers = engine_module.read_layers(module, SHAPE)
    assert choice.dense_end(layers, None, SHAPE, 40) == 5
    result = fit(module, data, steps=60, batch_size=40, lr=0.003, record_every=30, engine="sparse")
    assert result.records.val_accuracy[0] < 0.5 < 0.9 < result.records.val_accuracy[-1]


def test_it_converges_as_the_dense_engine_does(cut: Any, make_case: MakeCase, make_data: MakeData) -> None:
    data = make_data(shape=SHAPE)
    case = make_case("conv", 0.5)
    cut(case.module, 1)
    recipe = {"epochs": 12, "batch_size": 40, "lr": 0.01, "converge": {"rule": "absolute", "patience": 2}}
    split, dense = (
        fit(make_case("conv", 0.5).module, data, mask=masked(case), engine=engine, **recipe)
        for engine in ("sparse", "dense")
    )
    assert split.best_epoch == dense.best_epoch
    assert split.stop_reason == dense.stop_reason == "converged"
    np.testing.assert_allclose(split.records.train_accuracy, dense.records.train_accuracy, atol=1 / 40)
    for name, weight in dense.trained.items():
        torch.testing.assert_close(split.trained[name], weight, rtol=0, atol=1e-3)

"""One step and fifty, every network × optimiser × density, against PyTorch in float64."""

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
DrawSamples = Callable[..., Any]

BODIES = ["linear", "conv", "norm", "strided", "pool first"]
DENSITIES: list[float | str] = [1.0, 0.5, 0.1, 0.02, "one", "dead 1"]
RECIPES: dict[str, dict[str, object]] = {
    "sgd": {"optimiser": "sgd", "lr": 0.05},
    "momentum": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 1e-2},
    "nesterov": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3},
    "adam": {"optimiser": "adam", "lr": 1e-3, "weight_decay": 1e-3},
    "adamw": {"optimiser": "adamw", "lr": 1e-3, "weight_decay": 0.1},
}
GRID = list(product(BODIES, RECIPES, DENSITIES))
PAIRWISE = [
    (BODIES[(i + j) % len(BODIES)], recipe, density)
    for i, recipe in enumerate(RECIPES)
    for j, density in enumerate(DENSITIES)
]
"""Every two of a network, a recipe and a density meet at least once."""

ONE_STEP = 2e-4
FIFTY_STEPS = 2e-2
"""Largest difference of a weight from float64, relative to how far the farthest weight of its tensor has moved.

Where float32 itself loses more (PyTorch in float32 against PyTorch in float64), up to four times of what it loses.
"""


def check(case: Any, train: TrainSpec, samples: np.ndarray, tolerance: float) -> None:
    """Train with PyTorch in float64 and float32 and with the sparse engine, and compare all that is left."""
    rates = [train.lr] * (len(samples) // train.batch_size)
    before = {name: value.detach().clone().double() for name, value in case.module.state_dict().items()}
    (exact, loss), (single, _) = (case.reference(train, samples, rates, d) for d in (torch.float64, torch.float32))
    network = case.network(train)
    assert case.train(network, samples, rates) == pytest.approx(loss, rel=1e-4)
    network.write()
    wanted, rounded = exact.state_dict(), single.state_dict()
    for name, value in case.module.state_dict().items():
        if name in vanishing(case.module, train):
            continue
        error, unavoidable = (
            (x[name].double() - wanted[name]).abs().max() for x in (case.module.state_dict(), rounded)
        )
        moved = max(float((wanted[name] - before[name]).abs().max()), 1e-4)
        assert error <= max(tolerance * moved, 4 * unavoidable), (name, error, moved, unavoidable)
        if name in case.mask:  # +0.0 in every bit: nothing was revived
            assert not value.view(torch.int32)[~case.mask[name]].any()
    outcome = network.evaluate(case.images.numpy(), case.labels.numpy())
    with torch.no_grad():
        outputs = case.module.double().eval()(case.fed())
    assert outcome.loss == pytest.approx(float(F.cross_entropy(outputs, case.labels, reduction="sum")), rel=1e-5)
    assert abs(outcome.correct - int((outputs.argmax(1) == case.labels).sum())) <= 1


def vanishing(module: nn.Module, train: TrainSpec) -> set[str]:
    """Return the biases before a batch norm: their gradient is 0, and Adam makes steps of its rounding errors."""
    parts = list(module.named_children())
    before = {
        f"{name}.bias"
        for (name, _), (_, after) in pairwise(parts)
        if isinstance(after, nn.BatchNorm1d | nn.BatchNorm2d)
    }
    return before if train.optimiser != "sgd" else set()


def test_the_sample_of_the_grid_is_pairwise() -> None:
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert {(c[one], c[other]) for c in PAIRWISE} == {(c[one], c[other]) for c in GRID}


@pytest.mark.parametrize("density", [*DENSITIES, "dead 0", "dead -1"])
@pytest.mark.parametrize("body", BODIES)
def test_one_step_is_the_gradient(
    body: str, density: float | str, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    train = TrainSpec(optimiser="sgd", lr=0.05)
    check(make_case(body, density), train, draw_samples(1, 60), ONE_STEP)


@pytest.mark.parametrize(("body", "recipe", "density"), PAIRWISE)
def test_fifty_steps(
    body: str, recipe: str, density: float | str, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    train = TrainSpec.model_validate(RECIPES[recipe] | {"batch_size": 60})
    check(make_case(body, density), train, draw_samples(50, 60), FIFTY_STEPS)


NOISE = {("norm", "adamw", 0.5), ("norm", "adamw", "one")}
"""Cells where batch norm under AdamW ends 2.5 and 3.3 % of the movement away from float64: AdamW amplifies rounding
noise in gradients that vanish, and running means follow the biases before them. Not understood to the last bit."""


def cell(body: str, recipe: str, density: float | str) -> object:
    """Return a cell of the grid, marked where it is known to be noisy."""
    noisy = pytest.mark.xfail(reason="AdamW amplifies rounding noise before batch norm", strict=False)
    return pytest.param(body, recipe, density, marks=[noisy] if (body, recipe, density) in NOISE else [])


@pytest.mark.slow
@pytest.mark.parametrize(("body", "recipe", "density"), [cell(*place) for place in GRID if place not in PAIRWISE])
def test_fifty_steps_of_the_whole_grid(
    body: str, recipe: str, density: float | str, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    train = TrainSpec.model_validate(RECIPES[recipe] | {"batch_size": 60})
    check(make_case(body, density), train, draw_samples(50, 60), FIFTY_STEPS)


@pytest.mark.parametrize("batch", [1, 7, 16, 37, 64, 128, 200])
@pytest.mark.parametrize("body", BODIES[:3])
def test_any_batch_size(body: str, batch: int, make_case: MakeCase, draw_samples: DrawSamples) -> None:
    if (body, batch) == ("norm", 1):
        pytest.skip("PyTorch does not normalise over a single sample")
    check(make_case(body, 0.3), TrainSpec(optimiser="sgd", lr=0.05, batch_size=batch), draw_samples(5, batch), 1e-3)


@pytest.mark.parametrize("recipe", RECIPES)
def test_biases_behind_a_dead_layer_still_learn(recipe: str, make_case: MakeCase, draw_samples: DrawSamples) -> None:
    case = make_case("linear", "dead 1")
    before = {name: value.detach().clone() for name, value in case.module.named_parameters()}
    train = TrainSpec.model_validate(RECIPES[recipe] | {"weight_decay": 0.0})
    network = case.network(train)
    case.train(network, draw_samples(50, 60), [train.lr] * 50)
    network.write()
    moved = {name for name, value in case.module.named_parameters() if not torch.equal(value, before[name])}
    # nothing of the images gets through: the layers before get no gradient, biases from there on learn the classes
    assert moved == {"3.bias", "5.weight", "5.bias"}

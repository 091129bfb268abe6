"""Forward pass, gradients, fifty steps of every engine × layer type × optimiser × density, against float64 by hand."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.data.batches import Prepare
from tombola.data.dataset import Dataset
from tombola.pruning import Mask
from tombola.specs import TrainSpec
from tombola.training import FitResult, Task, engines
from tombola.training.engine import Engine
from tombola.training.hold import BITS
from tombola.training.stacked import StackedEngine

State = dict[str, torch.Tensor]
ByHand = Callable[..., State]

TOLERANCE = 1e-4
"""Largest difference of a weight or a statistic after 50 steps; weights are of order 0.1 to 1.

Where float32 itself loses more (the dense engine), up to four times of that.
"""

ONE_STEP = 1e-5
"""Largest difference of a gradient; they are of order 0.01 to 1."""

TOGETHER = StackedEngine(arithmetic="together")
ENGINES: dict[str, Engine] = {**{name: engines[name] for name in engines}, "together": TOGETHER}
FORMS = ("grouped", "unfolded", "looped", "looped-last")
BODIES: dict[str, Callable[[], list[nn.Module]]] = {
    "linear": lambda: [nn.Flatten(), nn.Linear(36, 12), nn.Tanh(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 5)],
    "conv": lambda: [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Tanh(), *_head(64)],
    "strided": lambda: [nn.Conv2d(1, 4, (3, 2), (2, 1), (1, 0)), nn.Tanh(), nn.Conv2d(4, 6, 2), *_head(48)],
    "groups": lambda: [nn.Conv2d(1, 4, 3), nn.Tanh(), nn.Conv2d(4, 6, 2, groups=2), *_head(54)],
    "batch norm": lambda: [nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), *_head(64)],
    "row norm": lambda: [nn.Flatten(), nn.Linear(36, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 5)],
    "max pool": lambda: [nn.Conv2d(1, 4, 3), nn.Tanh(), nn.MaxPool2d(2), *_head(16)],
    "average pool": lambda: [nn.Conv2d(1, 4, 3), nn.Tanh(), nn.AvgPool2d(2), *_head(16)],
    "adaptive pool": lambda: [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), *_head(4)],
}
RECIPES: dict[str, dict[str, object]] = {
    "sgd": {"optimiser": "sgd", "lr": 0.05, "weight_decay": 0.01},
    "momentum": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "nesterov": True},
    "adam": {"optimiser": "adam", "lr": 0.005, "eps": 1e-3, "weight_decay": 0.01},
    "adamw": {"optimiser": "adamw", "lr": 0.005, "eps": 1e-3, "weight_decay": 0.1},
}
DENSITIES: list[float | str] = [1.0, 0.5, 0.1, 0.02, "one survivor", "dead first", "dead last"]
CELLS = list(product(ENGINES, BODIES, RECIPES, DENSITIES))
SHIFTS = {engine: shift for shift, engine in enumerate(ENGINES)}
PAIRWISE = [
    (engine, body, list(RECIPES)[(b + d + SHIFTS[engine]) % len(RECIPES)], density)
    for engine in ENGINES
    for b, body in enumerate(BODIES)
    for d, density in enumerate(DENSITIES)
    if (b + d) % 3 == SHIFTS[engine] % 3
]
"""A third of all bodies and densities for each engine, recipes in turn: every two of the four meet."""


def _head(inputs: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(inputs, 5)]


def make(body: str) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        return nn.Sequential(*BODIES[body]())


def mask_of(module: nn.Module, density: float | str) -> Mask:
    """Draw a mask; words stand for half the weights, but for one layer with none or one."""
    generator = torch.Generator().manual_seed(5)
    weights = {name: weight for name, weight in module.named_parameters() if weight.dim() > 1}
    share = density if isinstance(density, float) else 0.5
    keep = {name: torch.rand(weight.shape, generator=generator) < share for name, weight in weights.items()}
    if isinstance(density, str):
        layer = keep[[*keep][-1 if density == "dead last" else 0]]
        layer.zero_()
        layer.view(-1)[3] = density == "one survivor"
    return Mask(keep)


def trained(engine: str, body: str, density: float | str, data: Dataset, train: TrainSpec) -> FitResult:
    """Train, or skip what an engine says it cannot."""
    module, chosen = make(body), ENGINES[engine]
    if engine == "together":
        form = "grouped" if body == "groups" else FORMS[[*BODIES].index(body) % len(FORMS)]
        chosen = StackedEngine(arithmetic="together", convolution=form, capture=True)
    reason = chosen.supports(module, train, data.input_shape)
    if reason is not None:
        pytest.skip(f"engine {engine}: {reason}")
    mask = mask_of(module, density)
    (result,) = chosen.fit([Task(module, mask)], data, train, "cpu")
    assert result.status == "done"
    for name, keep in mask.items():  # +0.0 in every bit: nothing was revived
        for state in (result.trained, result.early_stop or {}):
            assert not state[name].view(BITS[4])[~keep].any()
    return result


def check(cell: tuple[Any, ...], data: Dataset, train_by_hand: ByHand) -> None:
    engine, body, recipe, density = cell
    train = TrainSpec.model_validate(RECIPES[recipe] | {"length": "50st", "batch_size": 50, "record_every": "25st"})
    result = trained(engine, body, density, data, train)
    rounded = trained("dense", body, density, data, train).trained
    for name, wanted in train_by_hand(make(body), data, mask_of(make(body), density), train, 50).items():
        error, rounding = (float((state[name].double() - wanted).abs().max()) for state in (result.trained, rounded))
        assert error <= (TOLERANCE if engine == "dense" else max(TOLERANCE, 4 * rounding)), (name, error, rounding)


def test_the_sample_of_the_grid_is_pairwise() -> None:
    for one, other in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        assert {(c[one], c[other]) for c in PAIRWISE} == {(c[one], c[other]) for c in CELLS}


@pytest.mark.parametrize("cell", PAIRWISE, ids=lambda cell: "-".join(map(str, cell)))
def test_fifty_steps(cell: tuple[Any, ...], data: Dataset, train_by_hand: ByHand) -> None:
    check(cell, data, train_by_hand)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if cell not in PAIRWISE], ids=lambda cell: "-".join(map(str, cell))
)
def test_fifty_steps_of_the_whole_grid(cell: tuple[Any, ...], data: Dataset, train_by_hand: ByHand) -> None:
    check(cell, data, train_by_hand)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_forward_pass_and_gradient(engine: str, body: str, data: Dataset, train_by_hand: ByHand) -> None:
    """A step of plain SGD with a rate of 1 takes the gradient off the weights."""
    train = TrainSpec.model_validate(
        {"optimiser": "sgd", "lr": 1.0, "length": "1st", "batch_size": 50, "record_every": "1st"}
    )
    images = Prepare(data.normalisation, torch.device("cpu"), torch.float64)(data.validation.images)
    for density in DENSITIES:
        mask = mask_of(make(body), density)
        result = trained(engine, body, density, data, train)
        module = make(body).double().eval()
        with torch.no_grad():
            for name, keep in mask.items():
                module.get_parameter(name).mul_(keep)
            outputs = module(images)
        loss = float(F.cross_entropy(outputs, data.validation.labels))
        np.testing.assert_allclose(result.records.val_loss[0], loss, rtol=1e-5)
        right = float((outputs.argmax(1) == data.validation.labels).double().mean())
        assert abs(result.records.val_accuracy[0] - right) <= 1.001 / len(images)  # one may be a tie but for rounding
        for name, wanted in train_by_hand(make(body), data, mask, train, 1).items():
            torch.testing.assert_close(result.trained[name].double(), wanted.double(), rtol=0, atol=ONE_STEP)

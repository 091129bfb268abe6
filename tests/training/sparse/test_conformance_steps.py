"""One step and fifty, every network × optimiser × density, against PyTorch in float64."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
DrawSamples = Callable[..., Any]

BODIES = ["linear", "conv", "norm", "strided", "pool first", "residual", "sums", "before"]
NORMALISED = ("norm", "residual", "before")
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
    (body, list(RECIPES)[(i + j) % len(RECIPES)], density)
    for i, body in enumerate(BODIES)
    for j, density in enumerate(DENSITIES)
]
"""Every two of a network, a recipe and a density meet at least once."""

ONE_STEP = 2e-4
FIFTY_STEPS = 1e-2
"""Largest difference of a weight from float64, relative to how far the farthest weight of its tensor has moved.

Where float32 itself loses more (PyTorch in float32 against PyTorch in float64), up to four times of what it loses.
"""

NO_SLOPE = 1e-12
"""Gradient in float64 that is 0 but for rounding: of a bias before a batch norm, say. What has no gradient has no
movement to compare errors with, and is measured by the farthest movement of the whole network."""

EPS = 1e-4
"""Of Adam, before batch norms. With 1e-8, which is less than the rounding errors of a gradient in float32, Adam follows
the sign of the gradient: where that is 0, its steps are noise of full length, in PyTorch too."""


def recipe_for(body: str, recipe: str) -> TrainSpec:
    """Return a recipe that a network can be compared under."""
    options = RECIPES[recipe] | {"batch_size": 60}
    return TrainSpec.model_validate(options | ({"eps": EPS} if "adam" in recipe and body in NORMALISED else {}))


def check(case: Any, train: TrainSpec, samples: np.ndarray, tolerance: float, *, noise: bool = False) -> None:
    """Train with PyTorch in float64 and float32 and with the sparse engine, and compare all that is left.

    `noise`: leave out what is made of rounding errors: parameters without gradient, and running means that follow them.
    """
    rates = [train.lr] * (len(samples) // train.batch_size)
    before = {name: value.detach().clone().double() for name, value in case.module.state_dict().items()}
    (exact, loss), (single, _) = (case.reference(train, samples, rates, d) for d in (torch.float64, torch.float32))
    network = case.network(train)
    assert case.train(network, samples, rates) == pytest.approx(loss, rel=1e-4)
    network.write()
    wanted, rounded, given = exact.state_dict(), single.state_dict(), case.module.state_dict()
    moved = {name: float((wanted[name] - before[name]).abs().max()) for name, _ in exact.named_parameters()}
    slopes = {name: parameter.grad.abs() > NO_SLOPE for name, parameter in exact.named_parameters()}
    for name, value in given.items():
        if noise and name.endswith("running_mean"):
            continue
        compared = slopes[name] if noise and name in slopes else torch.tensor(True)
        error, unavoidable = (((x[name] - wanted[name]) * compared).abs().max() for x in (given, rounded))
        scale = max(moved[name] if name in moved else float((wanted[name] - before[name]).abs().max()), 1e-4)
        if name in slopes and not slopes[name].any():
            scale = max(moved.values())
        assert error <= max(tolerance * scale, 4 * unavoidable), (name, error, scale, unavoidable)
        if name in case.mask:  # +0.0 in every bit: nothing was revived
            assert not value.view(torch.int32)[~case.mask[name]].any()
    outcome = network.evaluate(case.images.numpy(), case.labels.numpy())
    with torch.no_grad():
        outputs = case.module.double().eval()(case.fed())
    assert outcome.loss == pytest.approx(float(F.cross_entropy(outputs, case.labels, reduction="sum")), rel=1e-5)
    assert abs(outcome.correct - int((outputs.argmax(1) == case.labels).sum())) <= 1


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
    check(make_case(body, density), recipe_for(body, recipe), draw_samples(50, 60), FIFTY_STEPS)


@pytest.mark.slow
@pytest.mark.parametrize(("body", "recipe", "density"), [place for place in GRID if place not in PAIRWISE])
def test_fifty_steps_of_the_whole_grid(
    body: str, recipe: str, density: float | str, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    check(make_case(body, density), recipe_for(body, recipe), draw_samples(50, 60), FIFTY_STEPS)


@pytest.mark.parametrize(
    ("body", "recipe", "density"),
    [
        *product(["norm"], ["adam", "adamw"], [0.5, "one"]),
        ("residual", "adamw", 0.5),
        ("before", "adamw", "one"),
    ],
)
def test_a_small_epsilon_makes_noise_only_of_what_has_no_gradient(
    body: str, recipe: str, density: float | str, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    train = TrainSpec.model_validate(RECIPES[recipe] | {"batch_size": 60})
    assert train.eps == 1e-8
    check(make_case(body, density), train, draw_samples(50, 60), FIFTY_STEPS, noise=True)


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

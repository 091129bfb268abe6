from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
RECIPES = {
    "sgd": {"optimiser": "sgd"},
    "decay": {"optimiser": "sgd", "weight_decay": 0.1},
    "momentum": {"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.01},
    "nesterov": {"optimiser": "sgd", "momentum": 0.7, "nesterov": True},
    "adam": {"optimiser": "adam", "beta1": 0.8, "beta2": 0.99, "eps": 1e-4},
    "adam with decay": {"optimiser": "adam", "eps": 1e-4, "weight_decay": 0.1},
    "adamw": {"optimiser": "adamw", "eps": 1e-4, "weight_decay": 1.0},
}
TOLERANCE = 2e-6
"""Largest difference of a weight after seven steps of size 0.02 from float64; weights are of order 0.1 to 1."""


def single() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 7, bias=False), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 5))


@pytest.mark.parametrize("name", RECIPES)
def test_updates_are_those_of_pytorch_at_changing_rates(
    name: str, make_case: MakeCase, draw_samples: Callable[..., Any]
) -> None:
    case = make_case(single, 0.6, shape=(1, 3, 4), classes=5, images=60)
    train = TrainSpec.model_validate(RECIPES[name] | {"batch_size": 30})
    rates = [0.02, 0.0, 0.005, 0.03, 0.02, 0.001, 0.02]
    samples = draw_samples(len(rates), 30, 60)
    reference, loss = case.reference(train, samples, rates)
    network = case.network(train)
    assert case.train(network, samples, rates) == pytest.approx(loss, rel=1e-5)
    network.write()
    for key, weight in reference.named_parameters():
        torch.testing.assert_close(
            case.module.get_parameter(key).double(), weight.detach(), rtol=0, atol=TOLERANCE, msg=key
        )


@pytest.mark.parametrize("name", RECIPES)
def test_room_beside_parameters_stays_zero(name: str, make_case: MakeCase) -> None:
    # parameters are padded to whole vectors, and one pass updates all of them
    case = make_case(single, 0.6, shape=(1, 3, 4), classes=5, images=60)
    network = case.network(TrainSpec.model_validate(RECIPES[name] | {"batch_size": 30}))
    case.train(network, np.arange(60), [0.1, 0.1])
    parameters = network.parameters
    padding = np.ones(parameters.count, bool)
    for held in parameters.by_name.values():
        padding[held.address - parameters.begin :][: held.count] = False
    assert padding.any()
    for begin in (parameters.begin, parameters.gradient, parameters.first_state, parameters.second_state):
        assert not network.arena[begin : begin + parameters.count][padding].any()

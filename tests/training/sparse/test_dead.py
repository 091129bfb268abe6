"""Dead units are not computed, and nobody can tell from the results."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.specs import TrainSpec
from tombola.training.sparse import compile as compile_module
from tombola.training.sparse import fields as at
from tombola.training.sparse.dead import live_units
from tombola.training.sparse.layers import read_layers
from tombola.training.sparse.wiring import Wiring

MakeCase = Callable[..., Any]
DrawSamples = Callable[..., Any]

BODIES = ["linear", "conv", "norm", "strided", "pool first", "residual", "sums", "before"]
RECIPES: dict[str, dict[str, object]] = {
    "momentum": {"optimiser": "sgd", "lr": 0.02, "momentum": 0.9, "weight_decay": 1e-2},
    "adam": {"optimiser": "adam", "lr": 1e-3, "weight_decay": 1e-3},
    "adamw": {"optimiser": "adamw", "lr": 1e-3, "weight_decay": 0.1},
}


def lives(module: nn.Module, mask: dict[str, torch.Tensor], shape: tuple[int, int, int] = (2, 10, 9)) -> dict[str, Any]:
    wiring = Wiring(read_layers(module, shape))
    return {wiring[position].name: list(units) for position, units in live_units(wiring, mask).items()}


@pytest.mark.parametrize("density", [0.1, 0.02, "one", "dead 1", "dead -1"])
@pytest.mark.parametrize("body", BODIES)
def test_leaving_them_out_changes_no_bit(
    body: str,
    density: float | str,
    make_case: MakeCase,
    draw_samples: DrawSamples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train = TrainSpec.model_validate(list(RECIPES.values())[len(body + str(density)) % 3] | {"batch_size": 37})
    samples, states, outcomes = draw_samples(20, 37), [], []
    for whole in (False, True):
        if whole:
            monkeypatch.setattr(compile_module, "live_units", lambda *_: {})
        case = make_case(body, density)
        network = case.network(train)
        loss = case.train(network, samples, [train.lr] * 20)
        network.write()
        states.append({name: value.clone() for name, value in case.module.state_dict().items()})
        outcomes.append((loss, network.evaluate(case.images.numpy(), case.labels.numpy())))
    assert outcomes[0] == outcomes[1]
    for name, value in states[0].items():
        assert value.numpy().tobytes() == states[1][name].numpy().tobytes(), name


def test_a_unit_is_dead_where_all_ways_on_are_pruned() -> None:
    layers = (nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 1), nn.Flatten(), nn.Linear(48, 5))
    module = nn.Sequential(*layers, nn.Tanh(), nn.Linear(5, 3))
    mask = {name: torch.ones(weight.shape) > 0 for name, weight in module.named_parameters() if weight.dim() > 1}
    assert lives(module, mask) == {}
    mask["7.weight"][:, [1, 3]] = False
    assert lives(module, mask) == {"5": [0, 2, 4]}
    mask["5.weight"][[0, 2, 4], 12:24] = False  # the second channel still leads to dead units
    assert lives(module, mask) == {"5": [0, 2, 4], "3": [0, 2, 3]}
    mask["3.weight"][[0, 2, 3], 2] = False
    assert lives(module, mask) == {"5": [0, 2, 4], "3": [0, 2, 3], "0": [0, 1]}
    mask["7.weight"][:] = False  # one unit is left of a dead layer
    assert lives(module, mask)["5"] == [0]
    del mask["7.weight"]  # what is not masked is dense
    assert "5" not in lives(module, mask)


@pytest.mark.parametrize("between", [nn.BatchNorm1d(8), nn.Identity()])
def test_all_units_count_before_a_batch_norm(between: nn.Module) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(180, 8), between, nn.ReLU(), nn.Linear(8, 3))
    mask = {"4.weight": torch.arange(24).view(3, 8) % 8 < 5}
    assert lives(module, mask) == ({} if isinstance(between, nn.BatchNorm1d) else {"1": [0, 1, 2, 3, 4]})


def test_what_a_dead_unit_draws_from_is_not_read(make_case: MakeCase) -> None:
    case = make_case("linear", 1.0)
    case.mask["5.weight"][:, 3:] = False
    network = case.network(TrainSpec(batch_size=20))
    program = network._training[0]
    assert program[program[:, at.CODE] == at.SUMS][:3, at.ROWS].tolist() == [40, 3, 10]
    assert program[program[:, at.CODE] == at.DOTS][:, [at.ROWS, at.COUNT]].tolist() == [[10, 30], [3, 120], [40, 7200]]
    case.train(network, np.arange(60), [1e-3] * 3)
    assert not case.gradients(network)["3.weight"][3:].any()

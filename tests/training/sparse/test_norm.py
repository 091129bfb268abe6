from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
TOLERANCE = 5e-6
"""Largest difference of a gradient or running statistic from float64; they are of order 0.01 to 1."""

BODIES: dict[str, Callable[[], nn.Module]] = {
    "maps": lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3), *_head(72)
    ),
    "pooled": lambda: nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.BatchNorm2d(4, momentum=0.3), nn.MaxPool2d(2), *_head(24)
    ),
    "rows": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(96, 9, bias=False), nn.BatchNorm1d(9, eps=0.1), *_head(9)[1:]
    ),
    "first": lambda: nn.Sequential(nn.BatchNorm2d(2), nn.Tanh(), nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), *_head(72)),
    "last": lambda: nn.Sequential(nn.Flatten(), nn.BatchNorm1d(96), nn.Linear(96, 5), nn.BatchNorm1d(5)),
}


def _head(features: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(features, 5)]


@pytest.mark.parametrize("batch", [2, 16, 37])
@pytest.mark.parametrize("body", BODIES)
def test_gradients_and_statistics_agree_with_pytorch(body: str, batch: int, make_case: MakeCase) -> None:
    case = make_case(BODIES[body], 0.7, shape=(2, 8, 6), classes=5, images=37)
    network, module = case.network(TrainSpec(optimiser="sgd", batch_size=batch)), case.module
    copy = make_case(BODIES[body], 0.7, shape=(2, 8, 6), classes=5, images=37).module.double().train()
    loss = F.cross_entropy(copy(case.fed(slice(batch))), case.labels[:batch])
    loss.backward()
    assert case.train(network, np.arange(batch), [1e-12]) == pytest.approx(loss.item(), rel=1e-5)
    # two samples of nearly equal value are divided by nearly nothing, which makes errors large
    tolerance = TOLERANCE if batch > 2 else 1e-3
    for name, gradient in case.gradients(network).items():
        wanted = copy.get_parameter(name).grad * case.mask.get(name, torch.tensor(True))
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-4, atol=tolerance, msg=name)
    network.write()
    for name, value in copy.named_buffers():
        torch.testing.assert_close(module.get_buffer(name).to(value), value, rtol=1e-5, atol=TOLERANCE)


def test_evaluation_uses_running_statistics_whatever_the_batch(make_case: MakeCase) -> None:
    case = make_case(BODIES["maps"], shape=(2, 8, 6), classes=5, images=37)
    case.module[1].running_mean.uniform_(-1, 1)
    case.module[1].running_var.uniform_(0.5, 2)
    with torch.no_grad():
        wanted = float(F.cross_entropy(case.module.double().eval()(case.fed()), case.labels, reduction="sum"))
    case.module.float()
    for batch in (5, 16, 60):
        outcome = case.network(TrainSpec(batch_size=batch)).evaluate(case.images.numpy(), case.labels.numpy())
        assert outcome.loss == pytest.approx(wanted, rel=1e-5)


def test_a_large_mean_costs_no_digits(make_case: MakeCase) -> None:
    case = make_case(BODIES["first"], shape=(2, 8, 6), classes=5, images=37)
    case.scale, case.shift = (1e-3, 1e-3), (100.0, -100.0)
    network, copy = case.network(TrainSpec(optimiser="sgd", batch_size=37)), case.module
    case.train(network, np.arange(37), [1e-12])
    network.write()
    variance = case.fed(dtype=torch.float32).double().var((0, 2, 3))
    torch.testing.assert_close(copy[0].running_var.double(), 0.9 + 0.1 * variance, rtol=0, atol=1e-6)
    assert copy[0].num_batches_tracked == 1


@pytest.mark.parametrize("batch", [7, 37])
def test_a_channel_without_survivors_is_its_shift_and_does_not_train_its_scale(batch: int, make_case: MakeCase) -> None:
    # Adam would make steps of full length of the rounding errors of a gradient that is 0
    case = make_case(BODIES["maps"], 0.7, shape=(2, 8, 6), classes=5, images=37)
    case.mask["0.weight"][2] = False
    case.module[0].bias.data[2] = 0.1234567
    network = case.network(TrainSpec(optimiser="adam", batch_size=batch))
    before = case.module[1].weight.detach().clone()
    case.train(network, np.arange(batch), [1e-3])
    assert case.gradients(network)["1.weight"][2] == 0
    network.write()
    moved = case.module[1].weight.detach() != before
    assert moved.tolist() == [True, True, False, True]


def test_batches_are_counted_once_however_often_they_are_written(make_case: MakeCase) -> None:
    case = make_case(BODIES["maps"], shape=(2, 8, 6), classes=5, images=37)
    case.module[1].num_batches_tracked += 100
    network = case.network(TrainSpec(batch_size=10))
    for total in (103, 106):
        case.train(network, np.arange(30), [1e-3] * 3)
        network.write()
        network.write()
        assert case.module[1].num_batches_tracked == total

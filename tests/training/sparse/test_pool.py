from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
TRAIN = TrainSpec(optimiser="sgd", batch_size=37)
TOLERANCE = 2e-6
"""Largest difference of a gradient from float64; gradients are of order 0.01 to 1."""

POOLS: dict[str, Callable[[], nn.Module]] = {
    "max": lambda: nn.MaxPool2d(2),
    "average": lambda: nn.AvgPool2d(2),
    "wide max": lambda: nn.MaxPool2d(3),
    "wide average": lambda: nn.AvgPool2d(3),
    "gaps": lambda: nn.MaxPool2d(2, 3),
    "average with gaps": lambda: nn.AvgPool2d(2, 3),
    "all of it": lambda: nn.AdaptiveAvgPool2d(1),
    "none": lambda: nn.MaxPool2d(1),
}


@pytest.mark.parametrize("place", ["after a convolution", "after an activation", "before flattening", "first"])
@pytest.mark.parametrize("pool", POOLS)
def test_losses_and_gradients_agree_with_pytorch(pool: str, place: str, make_case: MakeCase) -> None:
    # only square windows have a kernel
    shape = (2, 9, 9) if pool == "all of it" else (2, 11, 8)

    def body() -> nn.Module:
        made, conv = POOLS[pool](), nn.Conv2d(2, 3, 3, padding=1)
        layers: list[nn.Module] = {
            "after a convolution": [conv, made, nn.Tanh(), nn.Conv2d(3, 4, 1)],
            "after an activation": [conv, nn.ReLU(), made, nn.Conv2d(3, 4, 3, padding=1), nn.Tanh()],
            "before flattening": [conv, nn.Tanh(), made],
            "first": [made, nn.Tanh(), conv, nn.ReLU()],
        }[place]
        with torch.no_grad():
            features = nn.Sequential(*layers, nn.Flatten())(torch.zeros(1, *shape)).shape[1]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 5))

    case = make_case(body, 0.7, shape=shape, classes=5, images=37)
    # few different pixels, so that maxima are tied
    case.images = case.images // 64 * 64
    network, module = case.network(TRAIN), case.module.double()
    loss = F.cross_entropy(module(case.fed()), case.labels)
    loss.backward()
    samples = torch.arange(37).numpy()
    assert case.train(network, samples, [1e-9]) == pytest.approx(loss.item(), rel=1e-6)
    for name, gradient in case.gradients(network).items():
        wanted = module.get_parameter(name).grad * case.mask.get(name, torch.tensor(True))
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-5, atol=TOLERANCE)

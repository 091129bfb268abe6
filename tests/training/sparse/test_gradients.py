"""Gradients lie where others were that nobody needs any more, and nothing of those is left in them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.specs import TrainSpec
from tombola.training.sparse import fields as at

MakeCase = Callable[..., Any]
DrawSamples = Callable[..., Any]


def row(pool: nn.Module, features: int, count: int = 5) -> nn.Module:
    """Convolutions of equal maps, whose gradients can take turns in two places, and a pooling."""
    maps = [part for _ in range(count) for part in (nn.Conv2d(2, 2, 3, padding=1), nn.Tanh())]
    return nn.Sequential(*maps, pool, nn.Flatten(), nn.Linear(features, 10))


def targets(network: Any, code: int) -> list[int]:
    program = network._training[0]
    return [int(place) for place in program[program[:, at.CODE] == code][:, at.TARGET]]


def test_equal_maps_share_two_places(make_case: MakeCase) -> None:
    case = make_case(lambda: row(nn.MaxPool2d(1), 180, 6), 0.7)
    network = case.network(TrainSpec(batch_size=20))
    sums = targets(network, at.SUMS)
    assert len(set(sums[:6])) == 6
    # that of the first map, which nobody convolves back from, has no zeros around it and a place of its own
    assert len({*sums[8:-1], *targets(network, at.POOL_BACK)}) == 2
    assert sums[-1] not in sums[:-1]


# windows that leave out a column; that leave out what is between them; that leave out nothing
@pytest.mark.parametrize(("window", "stride", "features"), [(2, 2, 40), (2, 3, 18), (1, 1, 180)])
@pytest.mark.parametrize("shared", [False, True])
def test_nothing_is_left_of_what_was_there(
    window: int, stride: int, features: int, shared: bool, make_case: MakeCase, draw_samples: DrawSamples
) -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool, self.conv = nn.MaxPool2d(window, stride), nn.Conv2d(2, 2, window, stride) if shared else None

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            pooled: torch.Tensor = self.pool(maps)
            return pooled if self.conv is None else pooled + self.conv(maps)

    case = make_case(lambda: row(Both(), features), 0.7)
    train = TrainSpec(optimiser="sgd", lr=0.05, batch_size=37)
    samples = draw_samples(4, 37)
    exact, loss = case.reference(train, samples, [train.lr] * 4)
    network = case.network(train)
    assert case.train(network, samples, [train.lr] * 4) == pytest.approx(loss, rel=1e-6)
    network.write()
    for name, value in exact.named_parameters():
        torch.testing.assert_close(case.module.get_parameter(name).double(), value, rtol=0, atol=2e-6, msg=name)
    assert np.isfinite(network.arena).all()

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import nn

from tombola.specs import TrainSpec
from tombola.training.sparse import fields as at

MakeCase = Callable[..., Any]


@pytest.mark.parametrize("batch", [1, 16, 21])
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 3, 5), (1, 4, 4), (2, 7, 5), (3, 4, 8)])
@pytest.mark.parametrize("flat", [True, False], ids=["flat", "map"])
def test_images_are_gathered_scaled_and_turned(
    flat: bool, shape: tuple[int, int, int], batch: int, make_case: MakeCase
) -> None:
    channels, height, width = shape
    size = channels * height * width

    def body() -> nn.Module:
        head = [nn.Flatten(), nn.Linear(size, 5)]
        return nn.Sequential(*head) if flat else nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), *head)

    case = make_case(body, shape=shape, classes=5, images=40)
    case.scale, case.shift = (0.013, 0.02, 1.5)[:channels], (-1.25, 0.0, 3.0)[:channels]
    network = case.network(TrainSpec(batch_size=batch))
    samples = np.random.default_rng(0).integers(0, 40, batch)
    case.train(network, samples, [1e-3])
    program = network._training[0][0]
    assert program[at.CODE] == at.GATHER
    places = network.index[program[at.OFFSETS] :][:size]
    wanted = case.fed(samples).numpy().reshape(batch, size)
    for sample in range(batch):
        group, lane = divmod(sample, 16)
        begin = program[at.TARGET] + group * program[at.TARGET_GROUP] + lane
        # one rounding where the processor multiplies and adds at once, two where it does not
        np.testing.assert_allclose(network.arena[begin + places], wanted[sample], rtol=0, atol=5e-7 * 400)
        assert len(set(places)) == size

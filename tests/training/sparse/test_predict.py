"""The sparse kernels answer as the module does, for any number of images."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tombola.networks import build, initialise
from tombola.pruning import prune
from tombola.specs import NetworkSpec
from tombola.training.sparse.predict import SparsePredictor

SHAPE = (2, 6, 8)
SPECS = {
    "linear": NetworkSpec(linear=(20, 12)),
    "conv": NetworkSpec(family="conv", conv=("4B", "M", "5"), linear=(8,)),
}


@pytest.mark.parametrize("kind", SPECS)
def test_logits_of_whole_and_broken_batches(kind: str) -> None:
    module = build(SPECS[kind], SHAPE, 4)
    initialise(module, SPECS[kind], torch.Generator().manual_seed(1))
    module.eval()
    mask = prune(module, density=0.2)
    scale, shift = np.array([0.01, 0.005], np.float32), np.array([-0.5, 0.25], np.float32)
    predict = SparsePredictor(module, mask, SHAPE, 17, scale, shift)
    mask.apply_(module)
    images = torch.randint(0, 256, (40, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    ready = images * torch.from_numpy(scale)[:, None, None] + torch.from_numpy(shift)[:, None, None]
    with torch.no_grad():
        wanted = module(ready)
    for count in (40, 17, 1, 0, 40):
        given = torch.from_numpy(predict(images[:count].numpy()))
        torch.testing.assert_close(given, wanted[:count], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("body", ["residual", "sums", "before"])
def test_logits_of_networks_with_sums(body: str, make_case: Callable[..., Any]) -> None:
    case = make_case(body, 0.4)
    for part in case.module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(3))
            part.running_var.uniform_(0.5, 2, generator=torch.Generator().manual_seed(4))
    scale, shift = (np.array(values, np.float32) for values in (case.scale, case.shift))
    predict = SparsePredictor(case.module, case.mask, tuple(case.images.shape[1:]), 32, scale, shift)
    with torch.no_grad():
        wanted = deepcopy(case.module).double().eval()(case.fed())
    torch.testing.assert_close(torch.from_numpy(predict(case.images.numpy())).double(), wanted, rtol=1e-4, atol=1e-5)


def test_images_of_another_shape_or_type_are_refused() -> None:
    module = build(SPECS["linear"], SHAPE, 4)
    initialise(module, SPECS["linear"], torch.Generator().manual_seed(1))
    predict = SparsePredictor(module, {}, SHAPE, 4, np.ones(2, np.float32), np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="must be bytes"):
        predict(np.zeros((1, 2, 8, 6), np.uint8))
    with pytest.raises(ValueError, match="must be bytes"):
        predict(np.zeros((1, *SHAPE), np.float32))  # type: ignore[arg-type]

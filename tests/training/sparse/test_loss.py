from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tombola.specs import TrainSpec

MakeCase = Callable[..., Any]
CLASSES = 5


@pytest.fixture
def logits_of(make_case: MakeCase) -> Callable[..., Any]:
    """Build a case whose logits are its pixels (0 to 255), scaled."""

    def make(pixels: list[list[int]], labels: list[int], scale: float = 1.0) -> Any:
        def body() -> nn.Module:
            linear = nn.Linear(CLASSES, CLASSES)
            linear.weight.data = torch.eye(CLASSES)
            linear.bias.data.zero_()
            return nn.Sequential(nn.Flatten(), linear)

        case = make_case(body, shape=(1, 1, CLASSES), classes=CLASSES)
        case.images = torch.tensor(pixels, dtype=torch.uint8).view(-1, 1, 1, CLASSES)
        case.labels, case.scale, case.shift = torch.tensor(labels), (scale,), (-100 * scale,)
        return case

    return make


@pytest.mark.parametrize("scale", [1e-3, 0.1, 10.0, 1e4])
@pytest.mark.parametrize("batch", [3, 16, 37])
def test_loss_hits_and_gradient(batch: int, scale: float, logits_of: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    case = logits_of(rng.integers(0, 201, (37, CLASSES)).tolist(), rng.integers(0, CLASSES, 37).tolist(), scale)
    train = TrainSpec(optimiser="sgd", batch_size=batch)
    network = case.network(train)
    logits = case.fed().flatten(1)
    outcome = network.evaluate(case.images.numpy(), case.labels.numpy())
    assert outcome.loss == pytest.approx(float(F.cross_entropy(logits, case.labels, reduction="sum")), rel=1e-5)
    assert outcome.correct == int((logits.argmax(1) == case.labels).sum())
    logits = logits[:batch].requires_grad_()
    loss = F.cross_entropy(logits, case.labels[:batch])
    loss.backward()
    assert case.train(network, np.arange(batch), [0.1]) == pytest.approx(loss.item(), rel=1e-5)
    # padding lanes hold no gradient: the bias, which sums over lanes, has that of the batch
    torch.testing.assert_close(case.gradients(network)["1.bias"].double(), logits.grad.sum(0), rtol=0, atol=2e-7)


def test_the_first_of_equal_logits_is_the_answer(logits_of: Callable[..., Any]) -> None:
    pixels = [[9, 9, 9, 9, 9], [1, 9, 9, 2, 9], [0, 0, 0, 7, 7], [1, 2, 3, 4, 5]]
    for labels, correct in (([0, 1, 3, 4], 4), ([1, 2, 4, 3], 0)):
        case = logits_of(pixels, labels)
        network = case.network(TrainSpec(batch_size=4))
        assert network.evaluate(case.images.numpy(), case.labels.numpy()).correct == correct


@pytest.mark.parametrize("place", range(CLASSES))
def test_nan_counts_as_largest_as_in_pytorch(place: int, logits_of: Callable[..., Any]) -> None:
    case = logits_of([[1, 2, 3, 4, 5]], [place])
    case.module[1].bias.data[place] = float("nan")
    outcome = case.network(TrainSpec(batch_size=1)).evaluate(case.images.numpy(), case.labels.numpy())
    assert np.isnan(outcome.loss)
    with torch.no_grad():
        assert case.module(case.fed(dtype=torch.float32)).argmax() == place
    assert outcome.correct == 1

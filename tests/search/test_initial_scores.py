import math

import pytest
import torch

from tombola.networks import PrunableLayer
from tombola.search.initial_scores import starts

LAYER = PrunableLayer("x", "linear", (200, 300))


def drawn(name: str, seed: int = 0) -> torch.Tensor:
    return starts[name](LAYER, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", starts)
def test_every_start_repeats_and_leaves_the_global_state_alone(name: str) -> None:
    before = torch.get_rng_state()
    scores = drawn(name)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(scores, drawn(name))
    assert (scores.shape, scores.dtype) == ((200, 300), torch.float32)
    assert name == "half" or not torch.equal(scores, drawn(name, 1))


@pytest.mark.parametrize(
    ("name", "mean", "deviation", "above"),
    [
        # mean, standard deviation and share above one half of the distributions of sparse_analysis 4.1 and 4.3
        ("uniform", 0.5, math.sqrt(1 / 12), 0.5),
        ("half", 0.5, 0.0, 0.0),
        ("bernoulli", 0.5, 0.5, 0.5),
        ("bimodal", 0.5, math.sqrt(0.25 / 1.2), 0.5),
        ("skewed", 1 / 6, math.sqrt(5 / 252), 0.5**5),
        ("kaiming-uniform", 0.0, 1 / math.sqrt(900), 0.0),
        ("normal", 0.0, 1.0, 0.3085),
    ],
)
def test_distributions(name: str, mean: float, deviation: float, above: float) -> None:
    scores = drawn(name)
    assert abs(float(scores.mean()) - mean) < 0.02
    assert abs(float(scores.std()) - deviation) < 0.02
    assert abs(float((scores > 0.5).float().mean()) - above) < 0.01


def test_kaiming_uniform_is_bounded_by_the_fan_in() -> None:
    # field 2.7: a = sqrt(5)
    assert float(drawn("kaiming-uniform").abs().max()) == pytest.approx(1 / math.sqrt(300), rel=1e-3)
    convolution = starts["kaiming-uniform"](PrunableLayer("c", "conv", (64, 8, 3, 3)), torch.Generator())
    assert float(convolution.abs().max()) == pytest.approx(1 / math.sqrt(72), rel=1e-2)

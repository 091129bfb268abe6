"""Maximal critical compression (Tanaka et al. 2020): which scores empty a layer long before they have to."""

import math

import pytest
import torch

from tombola.networks import build, capture, initialise, prunable_layers
from tombola.pruning import Mask, ScoreContext, allocations, collapsed_layers, prune, score_weights
from tombola.pruning.request import Request
from tombola.specs import NetworkSpec

GRID = [step / 4 for step in range(25)]
"""log10 of the compression, as published."""


def narrow_vgg(seed, divisor=16):
    """VGG-16 with fewer channels; biases begin at 0, as in the published networks, so that flow is conserved."""
    stages = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
    conv = tuple(token if token == "M" else f"{token // divisor}B" for token in stages)
    spec = NetworkSpec(family="conv", conv=conv, weight_init="kaiming-normal", bias_init="zeros")
    module = build(spec, (3, 32, 32), 10)
    initialise(module, spec, torch.Generator().manual_seed(seed))
    return module.eval()


def images():
    draw = torch.Generator().manual_seed(0)
    return [(torch.randn(50, 3, 32, 32, generator=draw), torch.arange(50) % 10)]


def last_connected(module, score):
    """The largest compression (log10) of the grid at which one round of a score leaves something of every layer."""
    layers, state = prunable_layers(module), capture(module)
    mask = Mask.dense(layers)
    context = ScoreContext(layers, mask, state, state, torch.Generator().manual_seed(0), lambda: module, images)
    found = score_weights(score, context)
    last = -1.0
    for exponent in GRID:
        request = Request.for_density(layers, min(1.0, 10**-exponent))
        if collapsed_layers(allocations["global"](found, mask, request)):
            break
        last = exponent
    return last


@pytest.mark.parametrize("seed", [0, 1])
def test_only_synflow_reaches_the_theoretical_limit(seed):
    module = narrow_vgg(seed)
    layers = prunable_layers(module)
    limit = math.log10(sum(layer.size for layer in layers) / len(layers))
    mask = prune(module, density=len(layers) / sum(layer.size for layer in layers), score="synflow", rounds=100, **HOW)
    assert mask.count == len(layers)
    assert set(mask.remaining().values()) == {1}  # one weight a layer: the last path there is
    assert limit == pytest.approx(3.616, abs=1e-3)
    for score in ("magnitude", "random", "snip", "grasp"):
        assert 1 <= last_connected(module, score) <= limit - 1


HOW = {"input_shape": (3, 32, 32), "rounding": "nearest"}


def test_one_round_of_synflow_collapses_early():
    """It is the rounds that conserve layers: scored once, small layers' large scores are all there is."""
    module = narrow_vgg(0)
    sizes = [layer.size for layer in prunable_layers(module)]
    mask = prune(module, density=3 * len(sizes) / sum(sizes), score="synflow", **HOW)
    assert collapsed_layers(mask)
    kept = prune(module, density=3 * len(sizes) / sum(sizes), score="synflow", rounds=100, **HOW)
    assert not collapsed_layers(kept)


def test_a_floor_prevents_collapse_whatever_the_score():
    module = narrow_vgg(0)
    for score in ("magnitude", "snip"):
        mask = prune(module, density=0.001, score=score, floor=1, batches=images(), rounding="nearest")
        assert collapsed_layers(prune(module, density=0.001, score=score, batches=images(), rounding="nearest"))
        assert not collapsed_layers(mask)

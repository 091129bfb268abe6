"""Pruning to a level in one step: the counts of round after round, and nested masks, whatever scores and ties do."""

from itertools import pairwise

import pytest
import torch

from tombola.networks import build, prunable_layers
from tombola.pruning import (
    Mask,
    ScoreContext,
    allocations,
    planned_remaining,
    prune_round,
    prune_to_level,
    scores,
)
from tombola.specs import PruneSpec, resolve

PRESETS = ["lenet-mnist", "conv2-cifar10", "conv4-cifar10", "conv6-cifar10", "tiny-cifar10"]
LEVELS = 5


@pytest.mark.parametrize("preset", PRESETS)
def test_counts_equal_those_of_iterative_pruning_for_all_presets(preset):
    """Playground reference, 6.2 and B5, at every one of 25 levels."""
    iterative, one_shot = resolve(preset), resolve(f"osp-{preset}")
    assert one_shot.prune.procedure == "one-shot"
    assert one_shot.with_(name=preset, prune={"procedure": "iterative"}) == iterative
    module = build(iterative.network, (1, 28, 28) if preset == "lenet-mnist" else (3, 32, 32), 10, device="meta")
    layers = prunable_layers(module)
    assert planned_remaining(layers, one_shot.prune, 25) == planned_remaining(layers, iterative.prune, 25)


@pytest.mark.parametrize("preset", ["lenet-mnist", "tiny-cifar10"])
def test_masks_have_the_planned_counts(preset):
    spec = resolve(f"osp-{preset}")
    module = build(spec.network, (1, 28, 28) if preset == "lenet-mnist" else (3, 32, 32), 10, device="meta")
    layers = prunable_layers(module)
    draw = torch.Generator().manual_seed(1)
    state = {layer.name: torch.randn(layer.shape, generator=draw) for layer in layers}
    context = ScoreContext(layers, Mask.dense(layers), state, state, draw)
    for level, plan in enumerate(planned_remaining(layers, spec.prune, 3)):
        assert prune_to_level(context, spec.prune, level).remaining() == plan.remaining


@pytest.mark.parametrize(
    ("score", "allocation"),
    [(score, "global") for score in scores]
    + [("magnitude", allocation) for allocation in allocations if not allocations[allocation].misses],
)
@pytest.mark.parametrize("ties", ["index", "seeded"])
@pytest.mark.parametrize("constant", [False, True])
def test_levels_are_nested_and_counted(module, make_context, score, allocation, ties, constant):
    """Every level by itself, from a stream at its start, as jobs do; also where every score ties."""
    if constant:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.fill_(0.5)
    spec = PruneSpec(procedure="one-shot", score=score, allocation=allocation, ties=ties, floor=5, levels=LEVELS)
    masks = [prune_to_level(make_context(module), spec, level) for level in range(LEVELS + 1)]
    plans = planned_remaining(prunable_layers(module), spec)
    assert [mask.count for mask in masks] == [plan.total for plan in plans]
    for before, after in pairwise(masks):
        assert after.is_within(before)
        assert after.count < before.count or (allocations[allocation].whole and after == before)
    assert masks[1] == prune_round(make_context(module), spec)


def test_legacy_counts_are_kept_exactly(module, make_context):
    spec = PruneSpec(procedure="one-shot", counts="legacy-half-rate", conv_rate=0.2, levels=LEVELS)
    plans = planned_remaining(prunable_layers(module), spec)
    masks = [prune_to_level(make_context(module), spec, level) for level in range(LEVELS + 1)]
    assert [mask.remaining() for mask in masks] == [plan.remaining for plan in plans]
    assert all(after.is_within(before) for before, after in pairwise(masks))


def test_it_is_the_largest_trained_weights_that_stay(module, make_context):
    spec = PruneSpec(procedure="one-shot", levels=LEVELS)
    context = make_context(module)
    mask = prune_to_level(context, spec, LEVELS)
    for name, keep in mask.items():
        magnitude = context.final[name].abs()
        assert magnitude[~keep].max() <= magnitude[keep].min()

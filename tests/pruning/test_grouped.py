"""Groups of layers with one threshold, and the published percentile rule (signs reference, section 1.4)."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.pruning import (
    Mask,
    ScoreContext,
    expected_densities,
    planned_remaining,
    prune,
    prune_in_rounds,
    prune_round,
    prune_to_level,
)
from tombola.pruning.request import Request
from tombola.pruning.rounding import removed_at_rate
from tombola.specs import NetworkSpec, PruneSpec
from tombola.specs.tokens import exact

JOINT = "conv-layerwise-linear-joint"
CONV2 = NetworkSpec(family="conv", conv=("64", "64", "M"), linear=("256", "256"))
SIGNS = PruneSpec(allocation=JOINT, conv_rate=0.15, linear_rate=0.3, rounding="percentile", levels=7)
SURVIVORS = {
    "conv.0.weight": [1728, 1468, 1247, 1060, 901, 766, 651, 553],
    "conv.2.weight": [36864, 31334, 26634, 22639, 19243, 16356, 13902, 11816],
    "joint": [4262400, 2983680, 2088576, 1462003, 1023402, 716381, 501467, 351027],
}


def layers_of_conv2():
    return prunable_layers(build(CONV2, (3, 32, 32), 10, device="meta"))


def small():
    layers = (
        PrunableLayer("a", "conv", (10,)),
        PrunableLayer("b", "linear", (20,)),
        PrunableLayer("c", "output", (10,)),
    )
    final = {"a": torch.arange(10.0), "b": torch.arange(20.0), "c": 100 + torch.arange(10.0)}
    return ScoreContext(layers, Mask.dense(layers), final, {}, torch.Generator().manual_seed(0))


def test_published_survivors_of_all_levels():
    plans = planned_remaining(layers_of_conv2(), SIGNS)
    for position, expected in enumerate(SURVIVORS.values()):
        assert [list(plan.shares.values())[position] for plan in plans] == expected
    assert [plan.total for plan in plans] == [sum(level) for level in zip(*SURVIVORS.values(), strict=True)]
    assert round(1 - plans[7].total / plans[0].total, 6) == 0.915509
    assert round(1 - plans[5].total / plans[0].total, 6) == 0.829457
    assert list(plans[0].shares)[2].count(" + ") == 2


@pytest.mark.parametrize(("size", "rate"), [(1728, 0.15), (36864, 0.15), (41, 0.3), (21, 0.25), (1, 0.5), (7, 0.0)])
def test_the_percentile_rule_is_what_a_percentile_cuts(size, rate):
    values = np.random.default_rng(size).random(size)
    below = int((values < np.percentile(values, 100 * rate)).sum())
    assert removed_at_rate(size, exact(rate), "percentile") == below
    assert removed_at_rate(0, exact(rate), "percentile") == 0


def test_linear_layers_share_one_threshold_and_convolutions_have_their_own():
    spec = PruneSpec(allocation=JOINT, conv_rate=0.1, linear_rate=0.5)
    mask = prune_round(small(), spec)
    assert mask.remaining() == {"a": 9, "b": 5, "c": 10}
    assert mask["b"].tolist() == [False] * 15 + [True] * 5


def test_the_output_layer_alone_is_pruned_at_the_linear_rate():
    layers = (PrunableLayer("a", "conv", (10,)), PrunableLayer("c", "output", (10,)))
    assert planned_remaining(layers, PruneSpec(allocation=JOINT, levels=1, linear_rate=0.4))[1].shares["c"] == 6


def test_a_rate_of_the_output_layers_own_is_refused():
    with pytest.raises(ValueError, match=r"output_rate 0.1 and linear_rate 0.2 must be equal"):
        PruneSpec(allocation=JOINT, output_rate=0.1)


@pytest.mark.parametrize("densities", [(), (0.6, 0.3, 0.1)])
def test_one_step_keeps_as_many_of_each_group_as_rounds_do(densities):
    spec = PruneSpec(
        allocation=JOINT, conv_rate=0.1, linear_rate=0.5, densities=densities, **({} if densities else {"levels": 3})
    )
    plans, mask = planned_remaining(small().layers, spec), small().mask
    masks = [mask]
    for level in (1, 2, 3):
        found = prune_to_level(small(), spec, level).remaining()
        assert {"a": found["a"], "b + c": found["b"] + found["c"]} == plans[level].shares
        context = ScoreContext(small().layers, masks[-1], small().final, {}, torch.Generator())
        masks.append(prune_round(context, spec, plans[level] if densities else None))
        assert masks[-1].remaining() == found
    assert all(after.is_within(before) for before, after in pairwise(masks))


def test_rounds_at_initialisation_end_with_the_planned_shares():
    spec = PruneSpec(allocation=JOINT, conv_rate=0.1, linear_rate=0.5, levels=3)
    plan = planned_remaining(small().layers, spec)[3]
    request = Request.for_round(small().layers, spec, torch.Generator())
    request = Request(request.layers, request.rates, request.rate, shares=plan.shares)
    rounds = prune_in_rounds(small(), "magnitude", JOINT, request, [30, 20, plan.total])
    left = rounds.mask.remaining()
    assert {"a": left["a"], "b + c": left["b"] + left["c"]} == plan.shares


def test_a_density_takes_the_same_share_of_every_group():
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 10, 1, bias=False), torch.nn.Flatten(), torch.nn.Linear(10, 10))
    mask = prune(module, density=0.5, allocation=JOINT)
    assert mask.remaining() == {"0.weight": 5, "2.weight": 50}


def test_floors_exempt_the_best_of_each_layer():
    spec = PruneSpec(allocation=JOINT, conv_rate=0.9, linear_rate=0.5, floor=4)
    assert prune_round(small(), spec).remaining() == {"a": 4, "b": 5, "c": 10}
    spec = PruneSpec(allocation=JOINT, conv_rate=0.9, linear_rate=0.9, floor=4, levels=1)
    assert prune_round(small(), spec).remaining() == {"a": 4, "b": 4, "c": 4}
    assert planned_remaining(small().layers, spec)[1].shares == {"a": 4, "b + c": 8}


def test_shares_that_are_not_there_are_refused():
    request = Request(small().layers, {}, exact(0.0), keep=40, shares={"a": 11, "b + c": 29})
    with pytest.raises(TombolaError, match="11 weights of 'a' should remain and 10 survive"):
        prune_in_rounds(small(), "magnitude", JOINT, request, [39])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (PruneSpec(allocation=JOINT, conv_rate=0.1, linear_rate=0.5, levels=1), [0.9, 0.5, 0.5]),
        (PruneSpec(allocation="layerwise", conv_rate=0.1, linear_rate=0.5, output_rate=0.2, levels=1), [0.9, 0.5, 0.8]),
        (PruneSpec(allocation="global", rate=0.25, levels=1), [0.75, 0.75, 0.75]),
    ],
)
def test_densities_to_be_expected(spec, expected):
    layers = small().layers
    assert list(expected_densities(planned_remaining(layers, spec)[1], layers, spec).values()) == expected

"""Levels without a share of all weights, as SaSD prunes them (signs reference, section 1.4)."""

import pytest

from tombola.networks import build, prunable_layers
from tombola.pruning import planned_remaining
from tombola.specs import NetworkSpec, PruneSpec

CONV2 = NetworkSpec(family="conv", conv=("64", "64", "M"), linear=("256", "256"))
SASD = {"counts": "cumulative", "rounding": "percentile", "conv_rate": 0.1, "linear_rate": 0.2, "levels": 11}


def plans(**fields):
    layers = prunable_layers(build(CONV2, (3, 32, 32), 10, device="meta"))
    return planned_remaining(layers, PruneSpec(**{**SASD, **fields}))


def test_published_counts():
    # theirs: 542 / 11,568 / 360,291 / 5,630 / 220; ours are those of exact arithmetic
    found = list(plans(output_rate=0.2)[11].remaining.values())
    assert found == [542, 11569, 360288, 5630, 220]
    assert round(sum(found) / 4_300_992, 4) == 0.0879


def test_the_output_layer_at_its_nominal_rate():
    assert plans()[11].remaining["output.weight"] == 804


def test_each_level_is_a_share_of_all_weights():
    found = plans(rounding="nearest", floor=300)
    for plan in found:
        for name, rate in zip(plan.remaining, (0.1, 0.1, 0.2, 0.2, 0.1), strict=True):
            size = found[0].remaining[name]
            assert abs(plan.remaining[name] - max(300, size * (1 - rate) ** plan.level)) <= 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"allocation": "global"}, "needs allocation layerwise"), ({"densities": (0.5,)}, "leave one of them out")],
)
def test_what_does_not_go_with_it(fields, message):
    with pytest.raises(ValueError, match=message):
        PruneSpec(counts="cumulative", **fields)

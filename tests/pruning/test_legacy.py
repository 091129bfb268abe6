"""Counts of the reference framework's one-shot levels (playground reference, section 6.2: golden values)."""

from itertools import pairwise

import pytest

from tombola.networks import build, prunable_layers
from tombola.pruning import planned_remaining
from tombola.specs import PruneSpec, resolve

SHAPES = {"osp-lenet-mnist": (1, 28, 28)}


def plans(preset, levels, **prune):
    spec = resolve(preset, changes={"prune": {"levels": levels, "counts": "legacy-half-rate", **prune}})
    module = build(spec.network, SHAPES.get(preset, (3, 32, 32)), 10, device="meta")
    return planned_remaining(prunable_layers(module, spec.network.prunable), spec.prune)


@pytest.mark.parametrize(
    ("preset", "level", "remaining"),
    [
        ("osp-lenet-mnist", 2, [150527, 19199, 819]),
        ("osp-lenet-mnist", 3, [120422, 15360, 756]),
        ("osp-conv2-cifar10", 3, [1259, 26873, 2147483, 33554, 1935]),
        ("osp-tiny-cifar10", 3, [157, 419, 419, 78643, 15360, 756]),
    ],
)
def test_golden_counts(preset, level, remaining):
    assert list(plans(preset, level)[level].remaining.values()) == remaining


def test_golden_densities():
    found = plans("osp-lenet-mnist", 6)
    densities = [round(plan.total / found[0].total, 4) for plan in found]
    assert densities == [1, 0.8004, 0.6407, 0.5129, 0.4107, 0.3289, 0.2635]


def test_the_floor_holds_and_level_0_is_dense():
    found = plans("osp-lenet-mnist", 30, floor=700)
    assert list(found[0].remaining.values()) == [235200, 30000, 1000]
    assert list(found[-1].remaining.values()) == [700, 700, 700]


def test_counts_never_grow():
    found = plans("osp-conv6-cifar10", 40)
    for before, after in pairwise(found):
        assert all(after.remaining[name] <= count for name, count in before.remaining.items())


def test_the_default_is_not_this():
    layers = prunable_layers(build(resolve("osp-lenet-mnist").network, (1, 28, 28), 10, device="meta"))
    iterated = planned_remaining(layers, PruneSpec(procedure="one-shot", conv_rate=0, levels=3))
    assert list(iterated[3].remaining.values()) == [120422, 15360, 729]

"""Profiles: counts per layer that follow from shapes, exact in total and nested, against their formulas."""

from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.pruning import Mask, Request, allocations, planned_remaining, prune
from tombola.specs import NetworkSpec, PruneSpec

PROFILES = ("uniform", "erk", "equal-count", "smart-ratio", "smart-ratio-vgg")
SPLITS = tuple(name for name in allocations if allocations[name].split is not None and not allocations[name].whole)


def layers_of(architecture, shape=(3, 32, 32), classes=10):
    return prunable_layers(build(NetworkSpec(architecture=architecture), shape, classes, device="meta"))


def counts(name, layers, keep, **fields):
    survivors = {layer.name: layer.size for layer in layers}
    request = Request(tuple(layers), dict.fromkeys(survivors, Fraction(0)), Fraction(0), keep, **fields)
    return list(allocations[name].split(survivors, request).values())


def test_all_profiles_are_here():
    assert set(PROFILES) | {"layerwise"} == set(SPLITS)


@given(
    st.sampled_from(PROFILES),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([(), (3, 3)])), min_size=1, max_size=6),
    st.integers(0, 4),
    st.booleans(),
    st.data(),
)
def test_totals_are_exact_and_smaller_ones_lie_within(profile, shapes, floor, headed, data):
    kinds = ["conv" if kernel else "linear" for *_, kernel in shapes]
    kinds[-1] = "output" if headed else kinds[-1]
    layers = [PrunableLayer(f"l{i}", kinds[i], (a, b, *kernel)) for i, (a, b, kernel) in enumerate(shapes)]
    sizes = [layer.size for layer in layers]
    least = sum(min(floor, size) for size in sizes)
    totals = sorted(data.draw(st.lists(st.integers(least, sum(sizes)), min_size=1, max_size=5)), reverse=True)
    found = [counts(profile, layers, total, floor=floor) for total in totals]
    for total, each in zip(totals, found, strict=True):
        assert sum(each) == total
        assert all(min(floor, size) <= count <= size for count, size in zip(each, sizes, strict=True))
    for before, after in pairwise(found):
        assert all(b >= a for b, a in zip(before, after, strict=True))


@pytest.mark.parametrize("density", [0.5, 0.2, 0.1, 0.05, 0.01])
def test_erk_is_proportional_to_dimensions_but_for_full_layers(density):
    """Evci et al. 2020: densities eps (n_in + n_out + w + h) / (n_in n_out w h), those above 1 capped."""
    layers = layers_of("resnet20")
    keep = round(density * sum(layer.size for layer in layers))
    found = counts("erk", layers, keep)
    full = {layer.name for layer, count in zip(layers, found, strict=True) if count == layer.size}
    rest = [(sum(layer.shape), count) for layer, count in zip(layers, found, strict=True) if layer.name not in full]
    factor = sum(count for _, count in rest) / sum(dims for dims, _ in rest)
    assert all(abs(count - factor * dims) <= 1 for dims, count in rest)
    assert all(factor * sum(layer.shape) >= layer.size - 1 for layer in layers if layer.name in full)
    assert bool(full) == (density > 0.05)


def test_uniform_and_equal_counts():
    layers = layers_of("fc", (1, 28, 28))
    assert counts("uniform", layers, 11_940) == [7840, 1000, 1000, 1000, 1000, 100]
    assert counts("equal-count", layers, 6_000) == [1000] * 6
    assert counts("equal-count", layers, 12_000) == [2200, 2200, 2200, 2200, 2200, 1000]


def test_smart_ratios_fall_towards_the_output():
    """Section 4.3: p_l as (L - l + 1)^2 + (L - l + 1), the head .3, surpluses to the layers after."""
    layers = layers_of("resnet20-pad")
    body, head = layers[:-1], layers[-1]
    depth = len(body)
    found = counts("smart-ratio", layers, round(0.4 * sum(layer.size for layer in layers)))
    assert found[-1] == round(0.3 * head.size)
    parts = [(depth - i) ** 2 + (depth - i) for i in range(depth)]
    wanted = [part * layer.size for part, layer in zip(parts, body, strict=True)]
    free = [i for i, layer in enumerate(body) if found[i] < layer.size]
    assert free[0] > 0  # some are full
    later = free[1:]  # the first one that is not full also takes what those before it could not
    factor = sum(found[i] for i in later) / sum(wanted[i] for i in later)
    assert all(abs(found[i] - factor * wanted[i]) <= 1 for i in later)
    assert found[free[0]] > factor * wanted[free[0]] + 1
    vgg = counts("smart-ratio-vgg", layers_of("vgg11"), 900_000)
    plain = counts("smart-ratio", layers_of("vgg11"), 900_000)
    sizes = [layer.size for layer in layers_of("vgg11")]
    assert vgg[-2] / sizes[-2] < plain[-2] / sizes[-2]  # deeper layers are left with less


@pytest.mark.parametrize("density", [0.999, 0.5, 0.01, 0.0004])
def test_the_head_of_smart_ratios_leaves_room(density):
    layers = layers_of("fc", (1, 28, 28))
    keep = max(1, round(density * 119_400))
    found = counts("smart-ratio", layers, keep)
    assert sum(found) == keep
    assert found[-1] <= max(300, keep - sum(layer.size for layer in layers[:-1]), 1)
    assert found[-1] <= keep / 2 + 1 or density > 0.9


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mask_of_another_profile_bounds_what_layers_keep(profile):
    module = build(NetworkSpec(family="conv", conv=("4", "M", "6"), linear=("12",)), (1, 8, 8), 5)
    first = prune(module, density=0.3, score="random")
    second = prune(module, density=0.2, score="random", allocation=profile, mask=first)
    assert second.is_within(first)
    assert second.count == prune(module, density=0.2).count


@pytest.mark.parametrize("allocation", SPLITS)
def test_levels_of_densities_are_planned_each_by_itself(allocation):
    layers = layers_of("resnet20")
    both = planned_remaining(layers, PruneSpec(allocation=allocation, densities=(0.5, 0.1)))
    alone = planned_remaining(layers, PruneSpec(allocation=allocation, densities=(0.1,)))
    assert both[2].remaining == alone[1].remaining
    assert [plan.total for plan in both] == [270_896, 135_448, 27_089]
    assert all(both[1].remaining[name] >= count for name, count in both[2].remaining.items())


def test_kept_counts_of_the_published_levels():
    """Section 3.1, as levels of an experiment."""
    densities = ("10^-.3", "10^-.695", "10^-1", "10^-1.3", "10^-1.7")
    spec = PruneSpec(procedure="at-init", allocation="global", rounding="floor", densities=densities)
    for architecture, shape, kept in (
        ("fc", (1, 28, 28), [119_400, 59_842, 24_100, 11_940, 5_985, 2_383]),
        ("resnet20", (3, 32, 32), [270_896, 135_770, 54_677, 27_090, 13_577, 5_406]),
    ):
        assert [plan.total for plan in planned_remaining(layers_of(architecture, shape), spec)] == kept


def test_published_thresholds_lose_ties_together_and_say_so():
    layer = (PrunableLayer("w", "linear", (100,)),)
    values = torch.arange(100.0)
    values[18:23] = 20.0
    request = Request(layer, {"w": Fraction(0)}, Fraction(0), 80)
    mask = allocations["global-threshold"]({"w": values}, Mask.dense(layer), request)
    assert mask.count == 77  # all five of the equal ones go, two would have been enough
    values[18:26] = 20.0
    for name in ("global-threshold", "local-threshold"):
        with pytest.raises(TombolaError, match="keeps 74 weights where 80"):
            allocations[name]({"w": values}, Mask.dense(layer), request)


def test_local_thresholds_round_in_every_layer():
    """Section 3.1: k = int((1 - density) n) in each; with 22 layers the published check gives up."""
    module = build(NetworkSpec(architecture="fc"), (1, 28, 28), 10)
    mask = prune(module, density=0.10005, score="random", allocation="local-threshold", rounding="floor")
    sizes = mask.sizes()
    assert all(count == sizes[name] - int((1 - 0.10005) * sizes[name]) for name, count in mask.remaining().items())
    with pytest.raises(TombolaError, match="layers round each for itself"):
        prune(build(NetworkSpec(architecture="resnet20"), (3, 8, 8), 10), density=0.1, allocation="local-threshold")

"""True compression rates (explainability reference, sections 1.3, 4.2 and 4.3; defects B1 and B2)."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tombola.networks import build, prunable_layers
from tombola.pruning import Mask, allocations, planned_remaining, prune_round
from tombola.pruning.rounding import survivors_at
from tombola.specs import NetworkSpec, PruneSpec, resolve

VGG = build(NetworkSpec(architecture="vgg16-imagenet"), (3, 224, 224), 10, device="meta")
CONV = prunable_layers(VGG, ("conv",))
PARAMETERS = 134_301_514
TABLE = {  # section 4.3: rate -> convolution weights left, whole-model parameters left, whole-model compression
    2: (7_355_232, 126_946_282, 1.057940),
    4: (3_677_616, 123_268_666, 1.089502),
    8: (1_838_808, 121_429_858, 1.106001),
    16: (919_404, 120_510_454, 1.114439),
    32: (459_702, 120_050_752, 1.118706),
    64: (229_851, 119_820_901, 1.120852),
}


def plans(rates, allocation="layerwise", layers=CONV):
    spec = PruneSpec(procedure="gradual", rates=rates, allocation=allocation)
    return dict(zip((1.0, *spec.rates), planned_remaining(layers, spec), strict=True))


@pytest.mark.parametrize("allocation", ["layerwise", "global"])
def test_the_table_of_the_published_rates(allocation):
    found = plans("2 4 8 16 32 64", allocation)
    assert found[1].total == 14_710_464
    for rate, (left, parameters, compression) in TABLE.items():
        assert found[rate].total == left
        assert PARAMETERS - 14_710_464 + left == parameters
        assert round(PARAMETERS / parameters, 6) == compression


def test_survivors_of_the_first_layer_and_sums_at_odd_rates():
    found = plans("3 10 64")
    assert [found[rate].remaining["conv.0.weight"] for rate in (3, 10, 64)] == [576, 173, 27]
    assert [found[rate].total for rate in (3, 10)] == [4_903_488, 1_471_048]


def test_asking_for_4_and_16_gives_4_and_16_times():
    """Defect B1: the removed share was one half whatever was asked for."""
    found = plans("4 16")
    assert [found[rate].total for rate in (4, 16)] == [14_710_464 // 4, 14_710_464 // 16]


def test_scopes_and_their_sizes():
    """Section 1.3."""
    sizes = {scope: sum(layer.size for layer in prunable_layers(VGG, (scope,))) for scope in ("conv", "linear", "all")}
    assert sizes == {"conv": 14_710_464, "linear": 119_578_624, "all": 134_289_088}


@given(st.integers(1, 10**9), st.fractions(min_value=Fraction(1001, 1000), max_value=10**6))
def test_survivors_are_rounded_exactly(size, rate):
    left = survivors_at(size, rate)
    assert 1 <= left <= size
    assert left == 1 or abs(Fraction(size) / rate - left) <= Fraction(1, 2)
    assert Fraction(size) / rate + Fraction(1, 2) < left + 1


@given(st.integers(1, 10**6), st.lists(st.integers(2, 4096), min_size=2, max_size=6, unique=True))
def test_higher_rates_never_keep_more(size, rates):
    left = [survivors_at(size, Fraction(rate)) for rate in sorted(rates)]
    assert all(after <= before for before, after in pairwise(left))


@pytest.mark.parametrize("allocation", [name for name in allocations if not allocations[name].misses and name != "nm"])
def test_every_allocation_meets_rates_from_level_to_level(module, make_context, allocation):
    spec = PruneSpec(procedure="gradual", rates="1.5 3 10", allocation=allocation)
    layers = prunable_layers(module)
    masks = [Mask.dense(layers)]
    for plan in planned_remaining(layers, spec)[1:]:
        masks.append(prune_round(make_context(module, masks[-1]), spec, plan))
        assert masks[-1].count == plan.total
        assert masks[-1].is_within(masks[-2])
    if not allocations[allocation].whole and allocations[allocation].groups is None and allocation != "layerwise":
        size = masks[0].count
        assert [mask.count for mask in masks[1:]] == [survivors_at(size, Fraction(str(r))) for r in spec.rates]


def test_levels_do_not_depend_on_the_rates_before_them(module):
    layers = prunable_layers(module)
    spec = PruneSpec(procedure="gradual", rates="3 7")
    alone = planned_remaining(layers, PruneSpec(procedure="gradual", rates="7"))[1]
    assert planned_remaining(layers, spec)[2].remaining == alone.remaining


def test_ties_go_by_the_rule(module, make_context):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
    spec = PruneSpec(procedure="gradual", rates="2", ties="index")
    plan = planned_remaining(prunable_layers(module), spec)[1]
    mask = prune_round(make_context(module), spec, plan)
    for keep in mask.values():
        flat = keep.flatten()
        assert not flat[: len(flat) - int(flat.sum())].any(), "of equal scores the first ones go"


def test_rates_are_levels_in_rising_order():
    spec = PruneSpec(procedure="gradual", rates="64 2 16")
    assert (spec.rates, spec.levels, spec.rewind) == ((2.0, 16.0, 64.0), 3, "lr")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rates": "2 2"}, "compression rate 2 is given twice"),
        ({"rates": "1"}, "compression rate '1' is not a number above 1"),
        ({"rates": "0.5"}, "not a number above 1"),
        ({"rates": "nan"}, "not a number above 1"),
        ({"rates": [True]}, "not a number above 1"),
        ({"rates": "2", "densities": "0.5"}, "densities and rates both say"),
        ({"rates": "2 4", "levels": 3}, "levels = 3 and 2 rates do not fit"),
        ({"rates": "2", "counts": "cumulative"}, "'cumulative' and rates both say"),
        ({"finetune": "3ep"}, "finetune is for procedure 'gradual'"),
    ],
)
def test_what_cannot_be_is_said(fields, said):
    with pytest.raises(ValidationError, match=said):
        PruneSpec(**fields)


def test_rates_replace_densities_of_a_preset_and_the_other_way_round():
    spec = resolve("lenet-digits", changes={"prune": {"procedure": "gradual", "rates": "2 4"}})
    assert spec.prune.levels == 2
    assert resolve("lenet-digits", changes={"prune": {"rates": [4, 2.5]}}).prune.rates == (2.5, 4.0)


def test_requests_refuse_rates_below_1(module, make_context):
    from tombola.errors import TombolaError
    from tombola.pruning import Request

    request = Request.for_total(prunable_layers(module), 10)
    with pytest.raises(TombolaError, match=r"compression rate 0\.5 is below 1"):
        replace(request, compression=Fraction(1, 2))

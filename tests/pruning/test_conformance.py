"""What every registered score must do under every registered allocation; add one and it is tested."""

from itertools import pairwise

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import build, capture, prunable_layers
from tombola.pruning import (
    Mask,
    Request,
    allocations,
    check_score,
    collapsed_layers,
    planned_remaining,
    prune,
    prune_round,
    score_weights,
    scores,
)
from tombola.pruning.conformance import CLASSES, NETWORK, SHAPE
from tombola.specs import PruneSpec

COMMON = ("layerwise", "global")
CASES = [(score, allocation) for score in scores for allocation in COMMON]
CASES += [
    (score, allocation) for score in ("magnitude", "random") for allocation in allocations if allocation not in COMMON
]
IMAGES = torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(9))
BATCHES = [(IMAGES, torch.arange(10) % 5)]

pytestmark = pytest.mark.parametrize(("score", "allocation"), CASES)


def spec_of(score, allocation, **fields):
    return PruneSpec(**{"score": score, "allocation": allocation, "levels": 5, **fields})


def assert_planned(masks, spec):
    """Counts are exactly those planned; published thresholds may miss them, by as much as their entry says."""
    rule = allocations[spec.allocation]
    plans = planned_remaining(PLANNED, spec)
    for mask, plan in zip(masks, plans, strict=True):
        assert abs(mask.count - plan.total) <= rule.misses * plan.level
        assert plan.remaining is None or mask.remaining() == plan.remaining


PLANNED = prunable_layers(build(NETWORK, SHAPE, CLASSES, device="meta"))


def rounds(module, make_context, spec, count=5, seed=0):
    """Prune the same network again and again: the masks of levels 0 to `count`."""
    masks = [Mask.dense(prunable_layers(module))]
    for level in range(count):
        masks.append(prune_round(make_context(module, masks[-1], seed + level), spec))
    return masks


@pytest.mark.parametrize("rounding", ["ceil", "floor", "nearest", "percentile"])
@pytest.mark.parametrize("ties", ["index", "seeded"])
@pytest.mark.parametrize("constant", [False, True])
def test_counts_are_exactly_the_planned_ones(module, make_context, score, allocation, rounding, ties, constant):
    """Also where every weight of the network is equal, and where all are natural zeros (below)."""
    if constant:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.fill_(-0.5)
    spec = spec_of(score, allocation, rounding=rounding, ties=ties)
    if constant and score == "magnitude" and allocations[allocation].misses:
        with pytest.raises(TombolaError, match="equal scores go together"):  # defect D6: a miss is an error
            rounds(module, make_context, spec)
    else:
        assert_planned(rounds(module, make_context, spec), spec)


def test_natural_zeros_count_as_survivors(module, make_context, score, allocation):
    """Defects B10 and D10."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    spec = spec_of(score, allocation)
    if score == "magnitude" and allocations[allocation].misses:
        with pytest.raises(TombolaError, match="equal scores go together"):
            rounds(module, make_context, spec)
    else:
        assert_planned(rounds(module, make_context, spec), spec)


def test_masks_lie_within_each_other_and_shrink(module, make_context, score, allocation):
    levels = 3 if allocations[allocation].whole else 5  # of four units at most four can go, one a level
    masks = rounds(module, make_context, spec_of(score, allocation, levels=levels), count=levels)
    for before, after in pairwise(masks):
        assert after.is_within(before)
        assert after.count < before.count


def test_equal_seeds_give_equal_masks(module, make_context, score, allocation):
    for ties in ("index", "seeded"):
        spec = spec_of(score, allocation, ties=ties)
        first, second = rounds(module, make_context, spec), rounds(module, make_context, spec)
        assert [mask.digest() for mask in first] == [mask.digest() for mask in second]


def test_the_global_random_state_is_neither_read_nor_changed(module, make_context, score, allocation):
    state, spec = torch.get_rng_state(), spec_of(score, allocation, ties="seeded")
    try:
        torch.manual_seed(1)
        before = torch.get_rng_state()
        first = prune_round(make_context(module), spec)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        assert prune_round(make_context(module), spec) == first
    finally:
        torch.set_rng_state(state)


def test_survivors_score_at_least_as_high_as_what_went(module, make_context, score, allocation):
    if allocations[allocation].whole:
        return  # units are ranked, not weights: test_structured.py
    found = score_weights(score, make_context(module))
    mask = prune_round(make_context(module), spec_of(score, allocation, conv_rate=0.3, rate=0.3))
    overall = allocation in ("global", "global-threshold")
    groups = (
        [list(mask)] if overall else [[name] for name, count in mask.remaining().items() if count < mask.sizes()[name]]
    )
    assert groups
    for names in groups:
        kept = torch.cat([found[name][mask[name]] for name in names])
        gone = torch.cat([found[name][~mask[name]] for name in names])
        assert float(kept.min()) >= float(gone.max())


def test_scoring_changes_nothing(module, make_context, score, allocation):
    """Defects D11 and D12: parameters, buffers, gradients and training mode stay as they are."""
    images = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    module(images).square().sum().backward()
    before = capture(module)
    gradients = {name: parameter.grad.clone() for name, parameter in module.named_parameters()}
    context = make_context(module)
    final = {name: value.clone() for name, value in context.final.items()}
    prune_round(context, spec_of(score, allocation))
    prune(module, density=0.5, score=score, allocation=allocation, batches=BATCHES, input_shape=SHAPE)
    assert all(torch.equal(value, before[name]) for name, value in capture(module).items())
    assert all(torch.equal(value, final[name]) for name, value in context.final.items())
    assert all(torch.equal(parameter.grad, gradients[name]) for name, parameter in module.named_parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert module.training
    assert context.mask.density == 1.0


def test_what_users_can_check_themselves(module, make_context, score, allocation):
    if allocation == "global":
        check_score(score)


def test_scores_share_no_memory_with_the_state(module, make_context, score, allocation):
    context = make_context(module)
    owned = {value.untyped_storage().data_ptr() for value in context.final.values()}
    found = score_weights(score, context)
    assert not owned & {value.untyped_storage().data_ptr() for value in found.values()}


def test_masks_survive_storage(module, make_context, score, allocation):
    for mask in rounds(module, make_context, spec_of(score, allocation)):
        again = Mask.unpack(mask.pack(), mask.shapes())
        assert again == mask
        assert again.digest() == mask.digest()


def test_the_floor_holds_in_every_layer(module, make_context, score, allocation):
    """Section 4.5; one layer is smaller than the floor and keeps what it has."""
    floor = 38
    spec = spec_of(score, allocation, floor=floor, conv_rate=0.5, linear_rate=0.5, output_rate=0.5, rate=0.5, levels=3)
    if allocations[allocation].misses:
        with pytest.raises(TombolaError, match="floor = 38"):
            rounds(module, make_context, spec, count=3)
        return
    masks = rounds(module, make_context, spec, count=3)
    for mask in masks:
        assert all(count >= min(floor, mask.sizes()[name]) for name, count in mask.remaining().items())
    assert_planned(masks, spec)
    assert collapsed_layers(masks[-1]) == ()


def test_collapse_is_reported_and_survived(module, make_context, score, allocation):
    spec = spec_of(score, allocation, conv_rate=0.9, linear_rate=0.9, output_rate=0.9, rate=0.9, levels=6)
    masks = rounds(module, make_context, spec, count=6)
    if not allocations[allocation].whole:  # which leave layers without units as they are
        assert masks[-1].count == 0
        assert collapsed_layers(masks[-1]) == tuple(masks[-1])
    assert_planned(masks, spec)


@pytest.mark.parametrize("density", [1.0, 0.5, 0.123, 0.01])
def test_asking_for_a_density_keeps_exactly_that(module, score, allocation, density):
    sizes = Mask.dense(prunable_layers(module)).size
    how = {"score": score, "allocation": allocation, "batches": BATCHES, "input_shape": SHAPE}
    misses = allocations[allocation].misses
    for rounding in ("ceil", "floor", "nearest", "percentile"):
        request = Request.for_density(prunable_layers(module), density, rounding=rounding)
        mask = prune(module, density=density, rounding=rounding, **how)
        if allocations[allocation].whole:
            continue  # whole units come near: test_structured.py
        assert abs(mask.count - request.keep) <= misses
        assert abs(mask.count - sizes * density) < 1 + misses
        if density < 1:
            assert prune(module, density=density / 2, mask=mask, **how).is_within(mask)


def test_scores_that_are_not_finite_are_refused(module, make_context, score, allocation, monkeypatch):
    def broken(context):
        found = scores_before[score](context)
        for values in found.values():
            values.view(-1)[3] = float("nan")
        return found

    scores_before = dict(scores._items)
    monkeypatch.setitem(scores._items, score, broken)
    with pytest.raises(TombolaError, match=r"in layer '.*' are infinite or NaN"):
        prune_round(make_context(module), spec_of(score, allocation))

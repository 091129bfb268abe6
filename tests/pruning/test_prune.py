"""Pruning a module in one call, and what users get wrong."""

from fractions import Fraction

import pytest
import torch
from torch import nn

import tombola
from tombola.errors import TombolaError
from tombola.networks import PrunableLayer, prunable_layers
from tombola.pruning import Mask, Request, ScoreContext, Ticket, planned_remaining, prune, prune_round, scores
from tombola.specs import PruneSpec


def test_keeps_n_minus_ceil_of_n_times_the_rest():
    module = nn.Linear(7, 9)  # 63 weights; 63 * 0.7 = 44.1 go: 45
    assert prune(module, density=0.3).count == 18
    assert prune(module, density=0.3, rounding="floor").count == 19
    assert prune(module, density=0.3, rounding="nearest").count == 19


def test_is_a_verb_of_the_package():
    assert tombola.prune is prune


def test_selection_bounds_what_is_pruned_and_counted(module):
    mask = prune(module, density=0.5, select=("conv",))
    assert mask.sizes() == {"conv.0.weight": 36, "conv.4.weight": 216}
    assert mask.count == 126


def test_pruning_goes_on_from_a_mask():
    module = nn.Linear(10, 10)
    first = prune(module, density=0.5)
    second = prune(module, density=0.2, mask=first)
    assert second.is_within(first)
    assert second == prune(module, density=0.2)  # the same ranking in one step
    assert prune(module, density=0.5, mask=first) == first


def test_layerwise_takes_the_same_share_of_every_layer(module):
    mask = prune(module, density=0.5, allocation="layerwise")
    for name, size in mask.sizes().items():
        assert abs(mask.remaining()[name] - size / 2) < 1


def test_seeds_reach_scores_and_ties():
    module = nn.Linear(20, 20)
    assert prune(module, density=0.5, score="random") == prune(module, density=0.5, score="random")
    assert prune(module, density=0.5, score="random") != prune(module, density=0.5, score="random", seed=1)
    nn.init.constant_(module.weight, 1.0)
    assert prune(module, density=0.5, ties="seeded") == prune(module, density=0.5, ties="seeded")
    assert prune(module, density=0.5, ties="seeded") != prune(module, density=0.5, ties="seeded", seed=1)
    assert prune(module, density=0.5) == prune(module, density=0.5, seed=1)


@pytest.mark.parametrize("density", [0, -0.1, 1.1, float("nan"), 1.0000001])
def test_densities_outside_their_range_are_refused(density):
    with pytest.raises(TombolaError, match=r"density = .* outside \(0, 1\]"):
        prune(nn.Linear(3, 3), density=density)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": "magnitud"}, "unknown score 'magnitud' .*'magnitude'"),
        ({"allocation": "locally"}, "unknown allocation 'locally'"),
        ({"rounding": "up"}, "rounding = 'up' is not one of ceil, floor, nearest"),
        ({"ties": "random"}, "ties = 'random' is not one of index, seeded"),
        ({"floor": -1}, "floor = -1 is negative"),
        ({"floor": 50}, "floor = 50 protects 50 weights in 1 layers and only 20 may remain"),
        ({"select": ("conv",)}, "selects no weight"),
        ({"mask": Mask({"other": torch.ones(3, dtype=torch.bool)})}, "they must agree"),
        ({"mask": Mask({"weight": torch.eye(10, dtype=torch.bool)})}, "only 10 survive"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(arguments, message):
    with pytest.raises(TombolaError, match=message):
        prune(nn.Linear(10, 10), density=0.2, **arguments)


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(-1, 10), Fraction(3, 2)])
def test_rates_outside_their_range_are_refused(rate):
    layers = (PrunableLayer("a", "conv", (3,)),)
    for request in ({"rates": {"a": rate}, "rate": Fraction(0)}, {"rates": {}, "rate": rate}):
        with pytest.raises(TombolaError, match=r"outside \[0, 1\)"):
            Request(layers, **request)


def test_seeded_ties_need_a_generator():
    with pytest.raises(TombolaError, match="generator"):
        Request((), {}, Fraction(0), ties="seeded")


def test_a_global_plan_that_breaks_its_floors_is_refused_before_any_compute():
    layers = tuple(PrunableLayer(name, "linear", (10,)) for name in "abc")
    spec = PruneSpec(allocation="global", rate=0.5, floor=4, levels=2)
    with pytest.raises(TombolaError, match="floor = 4 protects 12 weights in 3 layers and only 7 may remain"):
        planned_remaining(layers, spec)
    with pytest.raises(TombolaError, match="unknown allocation"):
        planned_remaining(layers, PruneSpec(allocation="none"))


def test_global_floors_protect_the_best_of_a_layer_and_others_give_more():
    layers = (PrunableLayer("a", "linear", (4,)), PrunableLayer("b", "linear", (6,)))
    final = {"a": torch.tensor([0.1, 0.4, 0.2, 0.3]), "b": torch.arange(1.0, 7.0)}
    context = ScoreContext(layers, Mask.dense(layers), final, {}, torch.Generator())
    free = prune_round(context, PruneSpec(allocation="global", rate=0.5))
    held = prune_round(context, PruneSpec(allocation="global", rate=0.5, floor=2))
    assert free.remaining() == {"a": 0, "b": 5}
    assert held.remaining() == {"a": 2, "b": 3}
    assert held["a"].tolist() == [False, True, False, True]


def test_user_scores_are_checked(monkeypatch):
    module = nn.Linear(3, 3)
    for found, message in (
        ({}, "says nothing about layer 'weight'"),
        ({"weight": torch.ones(9)}, r"\[9\] torch.float32 for layer 'weight'.*\[3, 3\]"),
        ({"weight": torch.ones(3, 3, dtype=torch.int64)}, "floating-point"),
    ):
        monkeypatch.setitem(scores._items, "mine", lambda context, found=found: found)
        with pytest.raises(TombolaError, match=message):
            prune(module, density=0.5, score="mine")


def test_user_scores_see_network_and_data_lazily(make_context, module):
    context = make_context(module)
    assert context.module is not module
    assert context.module is context.module
    images, labels = next(iter(context.batches))
    assert len(images) == len(labels)
    bare = ScoreContext((), Mask({}), {}, {}, torch.Generator())
    for what in ("module", "batches"):
        with pytest.raises(TombolaError, match="not offered here"):
            getattr(bare, what)


def test_a_score_gets_a_private_copy_of_the_module(monkeypatch):
    module = nn.Linear(3, 3)
    before = module.weight.detach().clone()

    def destructive(context):
        with torch.no_grad():
            context.module.weight.fill_(9)
        return {"weight": torch.rand(3, 3, generator=context.generator)}

    monkeypatch.setitem(scores._items, "destructive", destructive)
    prune(module, density=0.5, score="destructive")
    assert torch.equal(module.weight, before)


@pytest.mark.parametrize("fault", ["revives", "misses"])
def test_user_allocations_are_checked(monkeypatch, fault):
    """Defect D6: a density that is missed is an error, not a printed note."""
    from tombola.pruning import AllocationRule, allocations

    module = nn.Linear(10, 10)
    layers = prunable_layers(module)
    results = {"revives": Mask.dense(layers), "misses": prune(module, density=0.1)}
    rule = AllocationRule(lambda found, mask, request: results[fault])
    monkeypatch.setitem(allocations._items, "mine", rule)
    with pytest.raises(TombolaError, match={"revives": "return", "misses": "keeps 10 weights where 20"}[fault]):
        prune(module, density=0.2, allocation="mine", mask=prune(module, density=0.5))


def test_a_ticket_is_what_it_is_made_of():
    mask = Mask({"a": torch.ones(2, dtype=torch.bool)})
    ticket = Ticket({"a": torch.zeros(2)}, mask, {"level": 1})
    assert (ticket.mask, ticket.provenance) == (mask, {"level": 1})
    with pytest.raises(AttributeError):
        ticket.mask = mask

"""The worked examples of playground reference, section 4, and the selection rules behind them."""

from fractions import Fraction

import pytest
import torch

from tombola.errors import TombolaError
from tombola.networks import PrunableLayer
from tombola.pruning import Mask, Request, ScoreContext, allocations, prune_round
from tombola.specs import PruneSpec


def one_round(weights, rate=0.2, kind="linear", keep=None, **fields):
    weights = torch.as_tensor(weights)
    layers = (PrunableLayer("w", kind, tuple(weights.shape)),)
    mask = Mask.dense(layers) if keep is None else Mask({"w": keep})
    context = ScoreContext(layers, mask, {"w": weights}, {}, torch.Generator().manual_seed(0))
    rates = {"conv_rate": rate, "linear_rate": rate, "output_rate": rate, "rate": rate}
    return prune_round(context, PruneSpec(**{**rates, **fields}))["w"]


def pruned(keep):
    return (~keep).flatten().nonzero().squeeze(1).tolist()


SINGLE = [name for name in allocations if not (allocations[name].misses or allocations[name].whole)]
ALLOCATIONS = pytest.mark.parametrize("allocation", SINGLE)


@ALLOCATIONS
def test_matrix(allocation):
    weights = torch.tensor([[-1, -2, 3, -1.5, -3], [2.5, 2, -4, 0.5, 1.5]])
    keep = one_round(weights, allocation=allocation)
    assert (~keep).nonzero().tolist() == [[0, 0], [1, 3]]


KERNEL = [1.2, -0.1, 1.2, 4.3, -2.1, -1.1, -0.8, 1.2, 0.5, 0.2, 0.4, 1.4, 2.2, -0.8, 0.4, 0.9]


@ALLOCATIONS
def test_kernel_with_a_tie(allocation):
    keep = one_round(torch.tensor(KERNEL).view(2, 2, 2, 2), kind="conv", allocation=allocation)
    assert pruned(keep) == [1, 9, 10, 14]


@ALLOCATIONS
def test_of_tied_weights_the_lower_index_goes_first(allocation):
    """Section 4.4; the tied pair 10 and 14 of the kernel, one of which fits."""
    keep = one_round(torch.tensor(KERNEL), rate=3 / 16, allocation=allocation)
    assert pruned(keep) == [1, 9, 10]


def test_with_and_without_reset():
    initial = torch.tensor([[1.0, -2, 3], [-4, 5, -6]])
    state, trained = {"w": initial.clone()}, {"w": 2 * initial}
    mask = Mask({"w": one_round(2 * initial)})
    assert mask.remaining() == {"w": 4}
    mask.apply_(state)
    mask.apply_(trained)
    assert state["w"].tolist() == [[0, 0, 3], [-4, 5, -6]]
    assert trained["w"].tolist() == [[0, 0, 6], [-8, 10, -12]]


@ALLOCATIONS
def test_natural_zeros_survive_until_they_are_removed(allocation):
    """Defects B10 and D10: counts come from masks; pruned entries never enter the ranking."""
    weights = torch.tensor([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, -0.0, 4.0])
    keep = one_round(weights, rate=0.25, allocation=allocation)
    assert pruned(keep) == [0, 1]
    keep = one_round(weights, rate=0.25, keep=keep, allocation=allocation)  # 6 survive, 2 of them exactly zero
    assert pruned(keep) == [0, 1, 2, 6]
    keep = one_round(weights, rate=0.25, keep=keep, allocation=allocation)
    assert pruned(keep) == [0, 1, 2, 3, 6]


@ALLOCATIONS
def test_pruned_weights_do_not_enter_the_ranking(allocation):
    weights = torch.tensor([9.0, 9.0, 1.0, 2.0, 3.0, 4.0])
    keep = torch.tensor([False, False, True, True, True, True])
    assert pruned(one_round(weights, rate=0.25, keep=keep, allocation=allocation)) == [0, 1, 2]


@ALLOCATIONS
@pytest.mark.parametrize("count", range(1, 10))
def test_exactly_as_many_go_as_asked_with_and_without_ties(allocation, count):
    """Defect D4: a threshold with "less or equal" removes one more, and more with ties."""
    layers = (PrunableLayer("w", "linear", (10,)),)
    request = Request(layers, {"w": Fraction(count, 10)}, Fraction(count, 10))
    for weights in (torch.arange(10.0), torch.ones(10), torch.tensor([1.0, 1, 1, 1, 1, 2, 2, 2, 2, 2])):
        mask = allocations[allocation]({"w": weights}, Mask.dense(layers), request)
        assert pruned(mask["w"]) == list(range(count))


def test_layers_left_out_do_not_change_global_counts():
    """Defect D4: open_lth counts the masks of ignored layers."""
    layers = (PrunableLayer("a", "linear", (10,)),)
    context = ScoreContext(
        layers,
        Mask.dense(layers),
        {"a": torch.arange(10.0), "ignored": torch.zeros(1000)},
        {},
        torch.Generator(),
    )
    assert prune_round(context, PruneSpec(allocation="global", rate=0.2)).remaining() == {"a": 8}


def test_global_ties_go_by_layer_order_then_index():
    layers = tuple(PrunableLayer(name, "linear", (4,)) for name in ("z", "a", "m"))  # not alphabetical on purpose
    final = {name: torch.ones(4) for name in ("a", "m", "z")}
    mask = Mask.dense(reversed(layers))
    for _ in range(2):
        mask = prune_round(
            ScoreContext(layers, mask, final, {}, torch.Generator()), PruneSpec(allocation="global", rate=0.25)
        )
    assert [pruned(mask[name]) for name in ("z", "a", "m")] == [[0, 1, 2, 3], [0, 1], []]  # 3 of 12, then ceil(9 / 4)


def test_global_compares_across_layers():
    layers = (PrunableLayer("a", "conv", (4,)), PrunableLayer("b", "output", (4,)))
    final = {"a": torch.tensor([1.0, 9, 2, 8]), "b": torch.tensor([3.0, 0.5, 7, 6]).double()}
    context = ScoreContext(layers, Mask.dense(layers), final, {}, torch.Generator())
    mask = prune_round(context, PruneSpec(allocation="global", rate=0.5))
    assert (pruned(mask["a"]), pruned(mask["b"])) == ([0, 2], [0, 1])


def test_layerwise_rates_follow_the_kind_of_layer():
    """Section 4.2; the output layer takes half the linear rate by default."""
    layers = tuple(PrunableLayer(kind, kind, (1000,)) for kind in ("conv", "linear", "output"))
    final = {layer.name: torch.arange(1000.0) for layer in layers}
    context = ScoreContext(layers, Mask.dense(layers), final, {}, torch.Generator())
    mask = prune_round(context, PruneSpec(conv_rate=0.1, linear_rate=0.3))
    assert mask.remaining() == {"conv": 900, "linear": 700, "output": 850}


@pytest.mark.parametrize("name", ["ceil", "floor", "nearest"])
def test_rounding_rules(name):
    # of 10, 15, 25 and 35 survivors a tenth: 1, 1.5, 2.5, 3.5
    expected = {"ceil": [1, 2, 3, 4], "floor": [1, 1, 2, 3], "nearest": [1, 2, 2, 4]}[name]
    found = [len(pruned(one_round(torch.arange(float(n)), rate=0.1, rounding=name))) for n in (10, 15, 25, 35)]
    assert found == expected


@pytest.mark.parametrize(
    ("size", "rate", "removed"), [(100, 0.29, 29), (100, 0.07, 7), (50, 0.14, 7), (1000, 0.001, 1)]
)
def test_products_are_exact(size, rate, removed):
    """0.29 * 100 is 28.999999999999996 and 0.07 * 100 is 7.000000000000001 in floating point."""
    for rounding in ("ceil", "floor", "nearest"):
        assert len(pruned(one_round(torch.arange(float(size)), rate=rate, rounding=rounding))) == removed


@ALLOCATIONS
def test_signs_do_not_matter(allocation):
    weights = torch.tensor([3.0, -1, 2, -4, 5, -6, 7, -8, 9, -10])
    assert pruned(one_round(weights, allocation=allocation)) == [1, 2]


@ALLOCATIONS
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions_are_ranked_exactly(allocation, dtype):
    weights = torch.tensor([1.0, 1.0078125, 0.99609375, 1.0, 2.0], dtype=dtype)
    assert pruned(one_round(weights, rate=0.4, allocation=allocation)) == [0, 2]


def test_double_precision_is_not_rounded_away():
    weights = torch.tensor([1.0, 1.0 - 1e-12, 1.0 + 1e-12], dtype=torch.float64)
    assert pruned(one_round(weights, rate=0.3)) == [1]


@ALLOCATIONS
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused_naming_the_layer(allocation, bad):
    """Section 4.5."""
    weights = torch.arange(10.0)
    weights[7] = bad
    with pytest.raises(TombolaError, match=r"1 of 10 .* layer 'w' .*NaN"):
        one_round(weights, allocation=allocation)
    keep = torch.arange(10) != 7
    assert pruned(one_round(weights, rate=0.2, keep=keep, allocation=allocation)) == [
        0,
        1,
        7,
    ]  # pruned: never looked at


@ALLOCATIONS
def test_rate_zero_changes_nothing(allocation):
    assert pruned(one_round(torch.tensor([1.0, float("nan"), 0.0]), rate=0, allocation=allocation)) == []


@ALLOCATIONS
def test_the_last_survivor_can_go(allocation):
    keep = torch.arange(4) == 2
    assert pruned(one_round(torch.ones(4), keep=keep, allocation=allocation)) == [0, 1, 2, 3]
    nothing = torch.zeros(4, dtype=torch.bool)
    assert pruned(one_round(torch.ones(4), keep=nothing, allocation=allocation)) == [0, 1, 2, 3]

"""Scores at initialisation against numbers worked out elsewhere: sparse-analysis reference, sections 3.2 and 13."""

import importlib.util
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn

from tombola.networks import capture, prunable_layers
from tombola.pruning import Mask, Request, ScoreContext, prune, prune_in_rounds, score_weights
from tombola.pruning.ramp import ramp_density
from tombola.pruning.request import kept_at


def _load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fixtures = _load("fixtures13")


def context_of(module, mask=None, batches=None, shape=None):
    layers, state = prunable_layers(module), capture(module)
    return ScoreContext(
        *(layers, Mask.dense(layers) if mask is None else mask, state, state, torch.Generator()),
        make_module=lambda: deepcopy(module),
        make_batches=None if batches is None else lambda: batches,
        input_shape=shape,
    )


def test_the_generator_is_the_published_one():
    first, second, third = fixtures.generated(7, 0.3)
    assert [int((weight != 0).sum()) for weight in (first, second, third)] == [100, 60, 25]
    assert first[0][:5].tolist() == pytest.approx([0.826987, 0, 0.711567, 0, 0.967874], abs=1e-6)


@pytest.mark.parametrize("score", ["synflow", "synflow-float32", "synflow-rescaled"])
def test_synflow_by_hand(score):
    """Section 3.2, "Hand example"."""
    module = fixtures.network([torch.tensor([[1.0, -2], [0.5, 0]]), torch.tensor([[3.0, -1]])])
    found = score_weights(score, context_of(module, shape=(2,)))
    factor = found["0.weight"][0, 0] / 3
    assert score == "synflow-rescaled" or factor == 1
    assert (found["0.weight"] / factor).tolist() == [[3, 6], [0.5, 0]]
    assert (found["1.weight"] / factor).tolist() == [[9, 0.5]]
    mask = prune(module, density=0.5, score=score, input_shape=(2,))
    assert {name: keep.tolist() for name, keep in mask.items()} == {
        "0.weight": [[True, True], [False, False]],
        "1.weight": [[True, False]],
    }


def test_synflow_rounds():
    """Section 13: R of every round (and every layer sum), what is pruned, and where survivors are."""
    module = fixtures.network(fixtures.generated(5, 1))
    totals = [kept_at(572, ramp_density(0.1, done, 4, "exponential"), "floor") for done in (1, 2, 3, 4)]
    assert [572 - total for total in totals] == [250, 391, 470, 514]
    expected = [
        (2075.363104, [154, 115, 53]),
        (1352.929929, [64, 75, 42]),
        (570.290055, [40, 33, 29]),
        (338.998885, [17, 21, 20]),
    ]
    mask = None
    for total, (flow, kept) in zip(totals, expected, strict=True):
        context = context_of(module, mask, shape=(20,))
        for value in score_weights("synflow", context).values():
            assert float(value.sum()) == pytest.approx(flow, abs=1e-6)
        request = Request.for_density(context.layers, 0.1, rounding="floor")
        mask = prune_in_rounds(context, "synflow", "global", request, [total]).mask
        assert list(mask.remaining().values()) == kept
    at_once = prune(module, density=0.1, score="synflow", rounds=4, rounding="floor", input_shape=(20,))
    assert at_once == mask


def images():
    draw = fixtures.uniform(11)
    values = [2 * next(draw) - 1 for _ in range(8 * 20)]
    return [(torch.tensor(values, dtype=torch.float64).view(8, 20), torch.arange(8) % 5)]


@pytest.mark.parametrize(
    ("score", "first", "sums", "kept"),
    [
        ("snip", 0.0013085, [0.475776, 0.307416, 0.216808], [54, 37, 24]),
        ("grasp", -0.00185687, [0.301814, 0.357698, 0.340488], [53, 42, 20]),
        ("magnitude", None, None, [58, 45, 12]),
    ],
)
def test_scores_with_data(score, first, sums, kept):
    """Section 13: SNIP, GraSP and magnitude on G(5, 1) with ReLU, in double precision."""
    module = fixtures.network(fixtures.generated(5, 1), nn.ReLU)
    inputs, labels = images()[0]
    assert nn.functional.cross_entropy(module(inputs), labels).item() == pytest.approx(5.383685, abs=1e-6)
    found = score_weights(score, context_of(module, batches=images()))
    if first is not None:
        values = list(found.values())
        assert float(values[0][0, 0]) == pytest.approx(first, rel=1e-4)
        assert [float(value.sum()) for value in values] == pytest.approx(sums, abs=1e-6)
        if score == "snip":
            assert max(float(value.max()) for value in values) == pytest.approx(0.0259264, abs=1e-7)
    mask = prune(module, density=0.2, score=score, rounding="floor", batches=images())
    assert mask.size - mask.count == 457
    assert list(mask.remaining().values()) == kept


def test_kept_counts_of_the_published_compressions():
    """Section 3.1: compression exponents and what they keep of the FC and the ResNet-20."""
    for exponent, fc, resnet in (
        (0.3, 59_842, 135_770),
        (0.695, 24_100, 54_677),
        (1, 11_940, 27_090),
        (1.3, 5_985, 13_577),
        (1.7, 2_383, 5_406),
    ):
        assert kept_at(119_400, 10**-exponent, "floor") == fc
        assert kept_at(270_896, 10**-exponent, "floor") == resnet

"""Partners, cycles, groups and predictors of units; mutual information."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor, from_numpy

from tombola.analysis.features import (
    Activations,
    Moments,
    bipartite_matching,
    cycles,
    mutual_information,
    observe,
    reordered,
    semi_matching,
    sparse_prediction,
    spectral_groups,
)
from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError

Build = Callable[..., NetworkView]
Make = Callable[..., Moments]
SIMILARITY = arrays(np.float64, (4, 4), elements=st.floats(-1, 1))


@settings(deadline=None)  # the first call imports scipy
@given(SIMILARITY)
def test_matching_is_the_best_of_all_permutations(similarity: np.ndarray) -> None:
    orders = [*permutations(range(4))]
    totals = [similarity[np.arange(4), order].sum() for order in orders]
    assert bipartite_matching(similarity).value.sum() == pytest.approx(max(totals), abs=1e-12)
    assert bipartite_matching(similarity, goal="min").value.sum() == pytest.approx(min(totals), abs=1e-12)
    semi = semi_matching(similarity)
    assert np.array_equal(semi.value, similarity.max(1))
    assert semi.mean >= bipartite_matching(similarity).mean - 1e-12


def test_dead_units_have_no_partner() -> None:
    similarity = np.array([[0.1, np.nan, 0.9], [np.nan] * 3, [0.2, np.nan, 0.8]])
    matched, semi = bipartite_matching(similarity), semi_matching(similarity)
    assert matched.unit.tolist() == [2, -1, 0]
    assert matched.paired == 2
    assert semi.unit.tolist() == [2, -1, 2]
    assert semi.mean == pytest.approx(0.85)
    wide = bipartite_matching(similarity[:1])
    assert wide.unit.tolist() == [2]
    none = bipartite_matching(np.full((2, 2), np.nan))
    assert none.paired == 0
    assert np.isnan(none.mean)
    assert np.isnan(semi_matching(np.full((2, 2), np.nan)).mean)


def test_within_a_network_no_unit_is_its_own_partner() -> None:
    similarity = np.array([[1, 0.5, 0.1], [0.5, 1, 0.3], [0.1, 0.3, 1]])
    assert semi_matching(similarity, ignore_diagonal=True).unit.tolist() == [1, 0, 1]
    found = bipartite_matching(similarity, ignore_diagonal=True)
    assert (found.unit != np.arange(3)).all()
    assert found.value.sum() == pytest.approx(0.9)
    assert bipartite_matching(similarity[:1, :1], ignore_diagonal=True).unit.tolist() == [-1]


@given(st.permutations(range(7)))
def test_cycles_make_up_a_permutation(order: list[int]) -> None:
    found = cycles(np.array(order))
    assert sorted(unit for cycle in found for unit in cycle) == [*range(7)]
    for cycle in found:
        assert [order[unit] for unit in cycle] == cycle[1:] + cycle[:1]
    assert [len(cycle) for cycle in found] == sorted(map(len, found), reverse=True)


def test_chains_are_no_cycles() -> None:
    assert cycles(np.array([1, -1, 3, 2])) == [[2, 3]]


def test_reordered_maps_have_partners_on_the_diagonal() -> None:
    similarity = np.array([[0.1, 0.9, 0.0], [np.nan] * 3, [0.95, 0.2, 0.3]])
    shown, order = reordered(similarity, bipartite_matching(similarity))
    assert np.diagonal(shown)[:2].tolist() == [0.95, 0.9]
    assert order.tolist() == [2, 0, 1]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 100))
def test_a_copy_with_shuffled_units_matches_perfectly(net: Build, noise: Tensor, seed: int) -> None:
    found = observe(Activations([net(seed, "one"), net(seed, "copy", shuffle=seed + 1)], noise))
    for layer in ("a.weight", "b.weight", "c.weight"):
        moments = found.moments(layer)
        matched = bipartite_matching(moments.correlation(0, 1))
        assert matched.value[matched.unit >= 0] == pytest.approx(1, abs=1e-5)
        assert matched.paired == moments.alive(0).sum()
    assert np.array_equal(*found.classes)


def test_units_without_partner_come_before_dead_ones() -> None:
    similarity = np.array([[0.1, np.nan, 0.9, 0.2], [np.nan] * 4, [0.95, np.nan, 0.3, 0.4]])
    shown, order = reordered(similarity, bipartite_matching(similarity))
    assert order.tolist() == [2, 0, 1]
    np.testing.assert_equal(shown, [[0.95, 0.3, 0.4, np.nan], [0.1, 0.9, 0.2, np.nan], [np.nan] * 4])


def test_few_units_predict_a_sum_of_few(moments_of: Make) -> None:
    random = np.random.default_rng(0)
    source = random.standard_normal((400, 8))
    target = np.stack([source[:, 2], source[:, 1] + 2 * source[:, 5], random.standard_normal(400), np.ones(400)], 1)
    fit, judge = moments_of(source[:200], target[:200]), moments_of(source[200:], target[200:])
    found = sparse_prediction(fit, judge, 0, 1, most=4)
    assert found.fitted[0] == pytest.approx([1, 1, 1, 1])
    assert found.held_out[0] == pytest.approx([1, 1, 1, 1])
    assert found.fitted[1, 0] == pytest.approx(0.8, abs=0.06)
    assert found.fitted[1, 1] == pytest.approx(1)
    assert (found.fitted[2] < 0.1).all()
    assert (found.held_out[2] < 0.05).all()
    assert np.isnan(found.fitted[3]).all()
    assert (np.diff(found.fitted[:3], axis=1) > -1e-9).all()


def test_the_weights_of_predictors_are_those_of_least_squares(moments_of: Make) -> None:
    random = np.random.default_rng(1)
    source = random.standard_normal((300, 5)) * [1, 10, 0.1, 1, 1] + 3
    target = source @ random.standard_normal((5, 1)) + random.standard_normal((300, 1))
    fit, judge = moments_of(source[:150], target[:150]), moments_of(source[150:], target[150:])
    found = sparse_prediction(fit, judge, 0, 1, most=5)
    design = source[:150] - source[:150].mean(0)
    weights = np.linalg.lstsq(design, target[:150] - target[:150].mean(0), rcond=None)[0]
    held = target[150:] - target[150:].mean(0)
    error = held - (source[150:] - source[150:].mean(0)) @ weights
    assert found.held_out[0, 4] == pytest.approx(1 - (error**2).sum() / (held**2).sum())


def test_no_unit_predicts_itself(moments_of: Make) -> None:
    values = np.random.default_rng(2).standard_normal((300, 4))
    moments = moments_of(values)
    assert sparse_prediction(moments, moments, 0, 0, most=1).fitted == pytest.approx(1)
    assert (sparse_prediction(moments, moments, 0, 0, most=1, ignore_diagonal=True).fitted < 0.1).all()


def test_groups_hold_units_of_both_networks_that_move_together(moments_of: Make) -> None:
    random = np.random.default_rng(3)
    causes = random.standard_normal((500, 3))
    one = np.concatenate([causes[:, [0, 0, 1, 2]] + 0.3 * random.standard_normal((500, 4)), np.ones((500, 1))], 1)
    two = -causes[:, [1, 1, 2, 0]] + 0.3 * random.standard_normal((500, 4))
    moments = moments_of(one, two)
    found = spectral_groups(moments, 0, 1, count=3)
    assert found.one[0] == found.one[1] == found.two[3]
    assert found.one[2] == found.two[0] == found.two[1]
    assert found.one[3] == found.two[2]
    assert found.one[4] == -1
    assert found.sizes().sum(0).tolist() == [4, 4]
    assert sorted(found.sizes().sum(1)) == [2, 3, 3]
    with pytest.raises(TombolaError, match="groups = 8: between 2 and 7"):
        spectral_groups(moments, 0, 1, count=8)


def test_information_of_a_unit_with_itself_is_its_entropy(net: Build, noise: Tensor) -> None:
    activations = Activations([net(0, "one"), net(1, "two")], noise, batch=7)
    found = mutual_information(activations, "a.weight", 0, 0, bins=5)
    (batch,) = Activations([net(0, "one")], noise, batch=100)
    values = batch.layers["a.weight"][0].squeeze(1).numpy()
    unit = int(np.argmax((values > 0).mean(0)))
    alive, zero = values[:, unit][values[:, unit] > 0], (values[:, unit] == 0).mean()
    shares = np.bincount(np.searchsorted(np.quantile(alive, [0.25, 0.5, 0.75]), alive, "right")) / len(values)
    shares = np.append(shares, zero)[np.append(shares, zero) > 0]
    assert found.nats[unit, unit] == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.02)
    assert found.samples == 60
    assert found.bias == pytest.approx(25 / (2 * 60 * np.log(2)))
    other = mutual_information(activations, "a.weight", 0, 1, bins=5)
    known = other.nats[~np.isnan(other.nats)]
    assert (known > -1e-12).all()
    assert known.mean() < 0.5 * found.nats[unit, unit]
    assert np.nanmean(other.corrected) < known.mean()
    again = mutual_information(Activations(activations.views, noise, batch=60), "a.weight", 0, 1, bins=5)
    np.testing.assert_allclose(again.nats, other.nats, atol=0.05)
    with pytest.raises(TombolaError, match="bins = 2"):
        mutual_information(activations, "a.weight", 0, 1, bins=2)


def test_information_sees_what_correlation_does_not() -> None:
    random = np.random.default_rng(0)
    weight = np.array([[1.0], [-1.0]], np.float32)
    views = [NetworkView.of_arrays("v", {"a": weight, "b": np.ones((2, 2), np.float32)})] * 2
    inputs = from_numpy(random.standard_normal((3000, 1, 1, 1)).astype(np.float32))
    found = mutual_information(Activations(views, inputs), "a.weight", 0, 1, bins=3)
    half = np.log(2)  # one is zero where the other is not
    assert found.nats[0, 1] == pytest.approx(half, abs=0.02)
    assert found.nats[0, 0] == pytest.approx(1.5 * half, abs=0.02)

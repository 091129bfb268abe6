"""Distances between networks: printed fixtures, and what every registered one has to hold."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tombola.analysis.distances import Network, Settings, network_distance
from tombola.analysis.distances.units import Units
from tombola.errors import TombolaError

from .conftest import shuffled, sparse_weights

MLP = {"a": (6, 9), "b": (5, 6), "c": (3, 5)}
CNN = {"conv1": (4, 2, 3, 3), "conv2": (5, 4, 3, 3), "dense1": (6, 5 * 4), "dense2": (3, 6)}
DEFAULTS = ("nnstd", "sasd", "maed")

FIXTURES = {  # sparse_analysis.md 13, Distances
    ("nnstd", "fixed"): (0.616895, 0.570743, 0.891667, 0.693101),
    ("sasd", "fixed"): (0.749944, 0.759617, 0.875, 0.794854),
    ("nnstd", "matched"): (0.616895, 0.570743, 0.759762, 0.649133),
    ("sasd", "matched"): (0.749944, 0.759617, 0.658333, 0.722631),
    ("nnstd-sna2023", "fixed"): (0.614865, 0.567901, 0.655172, 0.612646),
    ("sasd-sna2023", "fixed"): (0.746753, 0.732558, 0.758621, 0.745977),
    ("maed-sna2023", "fixed"): (0.681724, 0.649839, 0.759317, 0.696960),
    ("nnstd-liu2020", "fixed"): (0.616895, 0.570743, 0.759762, 0.649133),
}


@pytest.mark.parametrize(("entry", "outputs"), FIXTURES)
def test_printed_fixtures(generator: Callable[[int, float], Network], entry: str, outputs: str) -> None:
    distance = network_distance(generator(7, 0.3), generator(8, 0.3), entry, Settings(outputs=outputs))
    found = [*(layer.value for layer in distance.layers), distance.value]
    np.testing.assert_allclose(found, FIXTURES[entry, outputs], atol=6e-7)


@pytest.mark.parametrize("alignment", ["greedy", "weights", "search", "search-identity"])
def test_it_does_not_matter_which_network_comes_first(alignment: str) -> None:
    """Ties, local optima and random proposals would all depend on it."""
    settings = Settings(alignment=alignment, steps=40, starts=1)
    for seed in range(6):
        one, two = (Network.of_arrays(str(n), sparse_weights(CNN, 0.08, n)) for n in (seed, 50 + seed))
        there, back = network_distance(one, two, "sasd", settings), network_distance(two, one, "sasd", settings)
        np.testing.assert_allclose([x.value for x in there.layers], [x.value for x in back.layers], atol=1e-12)


@pytest.mark.parametrize("entry", DEFAULTS)
def test_the_order_of_units_does_not_matter_where_nothing_is_tied(entry: str) -> None:
    one, two = (
        Network.of_arrays(str(seed), sparse_weights({"a": (20, 40), "b": (6, 20)}, 0.5, seed)) for seed in (1, 2)
    )
    expected = network_distance(one, two, entry).value
    assert network_distance(shuffled(one, 3)[0], two, entry).value == pytest.approx(expected, abs=1e-12)


def test_the_published_flattening_is_wrong_and_ours_is_not() -> None:
    """signs.md 12.2: under the published rule a permuted copy is far away in the first dense layer."""
    network = Network.of_arrays(
        "own", sparse_weights({"conv": (8, 3, 3, 3), "dense": (16, 8 * 16), "out": (4, 16)}, 0.3, 0)
    )
    copy, _ = shuffled(network, 1)
    wrong = network_distance(network, copy, "sasd-2022").by_layer()
    assert wrong["conv"].value == 0
    assert wrong["dense"].value > 0.5
    assert network_distance(network, copy, "sasd").value == 0


def test_empty_pairs_are_left_out_and_counted_or_count_as_zero() -> None:
    one = {"a": np.array([[1.0, 1, 0], [0, 0, 0]]), "b": np.array([[1.0, 0]])}
    two = {"a": np.array([[1.0, 0, 1], [0, 0, 0]]), "b": np.array([[1.0, 0]])}
    networks = Network.of_arrays("one", one), Network.of_arrays("two", two)
    for empty, expected in (("exclude", 2 / 3), ("zero", 1 / 3)):
        layer = network_distance(*networks, "nnstd", Settings(empty=empty)).by_layer()["a"]
        assert (layer.value, layer.empty, layer.units) == (pytest.approx(expected), 1, 2)


def test_a_layer_without_survivors_has_no_value_and_is_left_out() -> None:
    one = Network.of_arrays("one", {"a": np.zeros((2, 3)), "b": np.array([[1.0, 1]])})
    two = Network.of_arrays("two", {"a": np.zeros((2, 3)), "b": np.array([[0.0, 1]])})
    distance = network_distance(one, two, "nnstd")
    assert np.isnan(distance.layers[0].value)
    assert distance.value == pytest.approx(0.5)


@pytest.mark.parametrize("entry", DEFAULTS)
def test_weight_matching_is_never_further_than_greedy_and_the_search_only_falls(entry: str) -> None:
    one, two = (Network.of_arrays(str(seed), sparse_weights(CNN, 0.4, seed)) for seed in (5, 6))
    greedy = network_distance(one, two, entry)
    matched = network_distance(one, two, entry, Settings(alignment="weights"))
    searched = network_distance(one, two, entry, Settings(alignment="search", steps=200))
    assert matched.value < greedy.value
    assert searched.value <= greedy.value
    assert len(searched.trace) == 200
    assert (np.diff(searched.trace) <= 1e-12).all()
    assert searched.trace[-1] == pytest.approx(searched.value, abs=1e-9)
    again = network_distance(one, two, entry, Settings(alignment="search", steps=200))
    assert again.trace == searched.trace


def test_values_do_not_depend_on_names_and_unequal_networks_are_refused() -> None:
    weights = sparse_weights(MLP, 0.3, 0)
    one, two = Network.of_arrays("one", weights), Network.of_arrays("two", sparse_weights(MLP, 0.3, 1))
    renamed = Network.of_arrays("two", dict(zip("xyz", sparse_weights(MLP, 0.3, 1).values(), strict=True)))
    assert network_distance(one, two).value == network_distance(one, renamed).value
    with pytest.raises(TombolaError, match="different shapes"):
        network_distance(one, Network.of_arrays("cnn", sparse_weights(CNN, 0.3, 0)))
    with pytest.raises(TombolaError, match="unknown distance 'sazd'"):
        network_distance(one, two, "sazd")
    with pytest.raises(TombolaError, match="outputs = 'free'"):
        Settings(outputs="free")
    with pytest.raises(TombolaError, match="do not make a chain"):
        Network.of_arrays("odd", {"a": np.ones((3, 4)), "b": np.ones((2, 7))})


def test_nnstd_looks_at_supports_only() -> None:
    one, two = (Network.of_arrays(str(seed), sparse_weights(MLP, 0.3, seed)) for seed in (1, 2))
    negated = replace(two, layers={n: Units.of(-u.values, u.keep) for n, u in two.layers.items()}, cache={})
    assert network_distance(one, negated, "nnstd").value == network_distance(one, two, "nnstd").value
    assert network_distance(one, negated, "sasd").value != network_distance(one, two, "sasd").value

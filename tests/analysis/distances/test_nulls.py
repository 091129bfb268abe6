"""Null models keep what they promise, move the rest, and give the reference's numbers."""

import weakref
from itertools import combinations

import numpy as np
import pytest

from tombola.analysis.distances import (
    Network,
    NullNetworks,
    Settings,
    network_distance,
    null_models,
    tie_spread,
    unmatched_expectation,
)
from tombola.analysis.distances.null_models import curveball
from tombola.analysis.distances.nulls import WHOLE, Null
from tombola.errors import TombolaError

from .conftest import sparse_weights

SHAPES = {"conv": (8, 3, 3, 3), "dense": (10, 8 * 4), "out": (4, 10)}
CONV2 = {"conv1": (64, 3, 3, 3), "conv2": (64, 64, 3, 3)}
KEPT = {"conv1": 542, "conv2": 11_568, "dense1": 360_291, "dense2": 5_630, "dense3": 220}


@pytest.fixture
def network() -> Network:
    return Network.of_arrays("own", sparse_weights(SHAPES, 0.2, 0))


def exact(shapes: dict, seed: int) -> Network:
    """Return a network of signs at random places, exact counts per layer."""
    random, weights = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        flat = np.zeros(int(np.prod(shape)), np.float32)
        flat[random.choice(flat.size, KEPT[name], replace=False)] = random.choice([-1, 1], KEPT[name])
        weights[name] = flat.reshape(shape)
    return Network.of_arrays(f"random {seed}", weights)


@pytest.mark.parametrize("model", null_models)
def test_every_null_model_keeps_the_density_and_moves_something(model: str, network: Network) -> None:
    made = null_models[model](network, np.random.default_rng(1))
    count = [sum(int(units.keep.sum()) for units in each.layers.values()) for each in (made, network)]
    assert count[0] == count[1]
    assert all((units.keep == (units.values != 0)).all() for units in made.layers.values())
    assert any((made.layers[n].values != units.values).any() for n, units in network.layers.items())
    again = null_models[model](network, np.random.default_rng(1))
    assert all((again.layers[n].values == units.values).all() for n, units in made.layers.items())


@pytest.mark.parametrize("model", ["layer-density", "degree", "signs"])
def test_values_stay_in_their_layer(model: str, network: Network) -> None:
    made = null_models[model](network, np.random.default_rng(1))
    for name, units in network.layers.items():
        assert sorted(made.layers[name].values[made.layers[name].keep]) == sorted(units.values[units.keep])


def test_degree_preserving_keeps_degrees_and_moves_places(network: Network) -> None:
    made = null_models["degree"](network, np.random.default_rng(1))
    for name, units in network.layers.items():
        keep = made.layers[name].keep
        assert (keep.sum(0) == units.keep.sum(0)).all()
        assert (keep.sum(1) == units.keep.sum(1)).all()
    assert (made.layers["dense"].keep != network.layers["dense"].keep).mean() > 0.1


def test_curveball_leaves_what_cannot_move() -> None:
    for keep in (np.ones((3, 4), bool), np.zeros((3, 4), bool), np.eye(1, 5, dtype=bool)):
        assert (curveball(keep, np.random.default_rng(0)) == keep).all()


def test_sign_shuffle_leaves_the_mask(network: Network) -> None:
    made = null_models["signs"](network, np.random.default_rng(1))
    assert all((made.layers[n].keep == units.keep).all() for n, units in network.layers.items())
    null = NullNetworks("signs", 3).distribution(network, network, "nnstd")[WHOLE]
    assert (null.mean, null.sd) == (0, 0)
    assert np.isnan(null.z(0.5))


def test_z_and_percentile() -> None:
    null = Null("density", np.array([1.0, 2.0, 3.0]))
    assert (null.mean, null.sd, null.z(4.0)) == (2, 1, 2)
    assert null.percentile(2.0) == 50
    assert (null.percentile(0.0), null.percentile(9.0)) == (0, 100)


@pytest.mark.parametrize(
    ("entry", "density", "expected"), [("nnstd", 0.5, 0.667), ("nnstd", 0.02, 0.990), ("sasd", 0.1, 0.974)]
)
def test_closed_form(entry: str, density: float, expected: float) -> None:
    """sparse_analysis.md 1.7 and signs.md 12.3."""
    assert round(unmatched_expectation(entry, (density, density)), 3) == expected


@pytest.mark.parametrize("entry", ["nnstd", "sasd"])
@pytest.mark.parametrize("densities", [(0.1, 0.1), (0.05, 0.3)])
def test_closed_form_is_what_unmatched_random_masks_give(entry: str, densities: tuple[float, float]) -> None:
    networks = [
        Network.of_arrays(str(d), sparse_weights({"a": (200, 2000)}, d, seed)) for seed, d in enumerate(densities)
    ]
    found = network_distance(*networks, entry, Settings(alignment="none")).pooled
    assert found == pytest.approx(unmatched_expectation(entry, densities), abs=0.001)
    assert np.isnan(unmatched_expectation("maed", densities))
    assert np.isnan(unmatched_expectation(entry, (0.0, 0.0)))


@pytest.mark.parametrize(("entry", "expected"), [("sasd", (0.7053, 0.8704)), ("nnstd", (0.5702, 0.7686))])
def test_matched_null_of_the_convolutions(entry: str, expected: tuple[float, float]) -> None:
    """signs.md 12.3: +-.002; conv1 varies by .007 from pair to pair."""
    matched = Settings(outputs="matched")
    pairs = [network_distance(exact(CONV2, 2 * n), exact(CONV2, 2 * n + 1), entry, matched) for n in range(24)]
    for layer, value in zip(("conv1", "conv2"), expected, strict=True):
        found = [pair.by_layer()[layer].value for pair in pairs]
        assert np.mean(found) == pytest.approx(value, abs=0.002 + 2 * np.std(found) / np.sqrt(len(found)))


@pytest.mark.slow
def test_matched_null_of_the_dense_layers() -> None:
    """signs.md 12.3: dense1 .9697 +-.0002, dense2 .8939 +-.002, dense3 (identity) .9776."""
    shapes = {**CONV2, "dense1": (256, 16_384), "dense2": (256, 256), "dense3": (10, 256)}
    pairs = [network_distance(exact(shapes, 2 * n), exact(shapes, 2 * n + 1), "sasd") for n in range(6)]
    for layer, value, tolerance in (("dense1", 0.9697, 2e-4), ("dense2", 0.8939, 2e-3), ("dense3", 0.9776, 8e-3)):
        assert np.mean([pair.by_layer()[layer].value for pair in pairs]) == pytest.approx(value, abs=tolerance)


def test_null_distributions_are_seeded_and_near_random_networks() -> None:
    one, two = (
        Network.of_arrays(str(seed), sparse_weights({"a": (30, 60), "b": (5, 30)}, 0.2, seed)) for seed in (1, 2)
    )
    null = NullNetworks("layer-density", 10, seed=3).distribution(one, two, "sasd")
    again = NullNetworks("layer-density", 10, seed=3).distribution(one, two, "sasd")
    other = NullNetworks("layer-density", 10, seed=4).distribution(one, two, "sasd")
    assert (null[WHOLE].values == again[WHOLE].values).all()
    assert (null[WHOLE].values != other[WHOLE].values).any()
    assert abs(null["a"].z(network_distance(one, two).layers[0].value)) < 4
    with pytest.raises(TombolaError, match="unknown null model 'densty'"):
        NullNetworks("densty")
    with pytest.raises(TombolaError, match="draws = 0"):
        NullNetworks("density", 0)


def test_many_pairs_have_the_distributions_of_each_and_one_version_of_a_network_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks = [
        Network.of_arrays(str(seed), sparse_weights({"a": (8, 20), "b": (5, 8)}, 0.3, seed)) for seed in range(4)
    ]
    pairs, entries = [*combinations(networks, 2)], ("nnstd", "maed")
    alone = {
        (number, entry): NullNetworks("density", 5).distribution(one, two, entry)
        for number, (one, two) in enumerate(pairs)
        for entry in entries
    }
    alive: weakref.WeakSet[Network] = weakref.WeakSet()
    most = 0
    original = NullNetworks.version

    def watched(self: NullNetworks, network: Network, draw: int) -> Network:
        nonlocal most
        alive.add(made := original(self, network, draw))
        most = max(most, len(alive))
        return made

    monkeypatch.setattr(NullNetworks, "version", watched)
    told: list[tuple[str, int, int]] = []
    found = NullNetworks("density", 5).distributions(pairs, entries, tell=lambda *news: told.append(news))
    assert most == len(networks)
    assert told == [("null model density, draws", done, 5) for done in range(6)]
    assert found.keys() == alone.keys()
    for place, layers in found.items():
        for layer, null in layers.items():
            assert (null.values == alone[place][layer].values).all()


def test_tie_spread_shows_what_hangs_on_ties() -> None:
    plain = {"a": np.array([[1.0, 0], [0, 0], [0, 0]]), "b": np.array([[0.0, 1, 0], [0, 0, 1]])}
    network = Network.of_arrays("own", plain)
    spread = tie_spread(network, network, "nnstd", repeats=20)
    assert (spread.value, spread.lowest) == (0, 0)
    assert spread.highest > 0.2  # the empty units of layer a swap, and layer b is at distance 1
    assert tie_spread(network, network, "nnstd", repeats=20).values == spread.values
    with pytest.raises(TombolaError, match="repeats = 0"):
        tie_spread(network, network, repeats=0)

"""What every registered distance between networks has to hold; an entry that is added is tested here unasked.

Entries named after a source end in its year: they are as they were published, and need not be right.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tombola.analysis.distances import Compute, Network, Settings, alignments, network_distance, network_distances
from tombola.analysis.material import NetworkView
from tombola.networks import layer_graph, prunable_layers
from tombola.pruning import Mask

from .conftest import sparse_weights

CORRECTED = [name for name in network_distances if not re.search(r"\d{4}$", name)]
UNPROMISING = {"none", "search-identity"}
"""Alignments that do not look for the best order of units, or give up early: copies may stay apart under them."""
ALIGNMENTS = [name for name in alignments if name not in UNPROMISING]

MLP = {"a": (7, 9), "b": (6, 7), "c": (3, 6)}
CNN = {"conv1": (4, 2, 3, 3), "conv2": (5, 4, 3, 3), "dense1": (6, 5 * 4), "dense2": (3, 6)}
SHAPE = (2, 4, 4)
DENSITIES = [0.05, 0.1, 0.3, 1.0]
PLAIN = Settings(starts=1, steps=25)


class Residual(nn.Module):
    """Two streams: one with an identity shortcut, one that a convolution widens."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.a1, self.a2 = nn.Conv2d(4, 3, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1)
        self.b1, self.b2 = nn.Conv2d(4, 5, 3, padding=1), nn.Conv2d(5, 6, 3, padding=1)
        self.shortcut, self.head = nn.Conv2d(4, 6, 1, bias=False), nn.Linear(6 * 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x)))
        x = torch.relu(x + self.a2(torch.relu(self.a1(x))))
        x = torch.relu(self.shortcut(x) + self.b2(torch.relu(self.b1(x))))
        return self.head(torch.flatten(nn.functional.max_pool2d(x, 2), 1))


GRAPH = layer_graph(Residual(), SHAPE)
RESIDUAL = {layer.name: layer.shape for layer in prunable_layers(Residual())}
STREAMS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("stem", "a2"), ("a1", "b1", "shortcut")),
    (("a1",), ("a2",)),
    (("b1",), ("b2",)),
    (("shortcut", "b2"), ("head",)),
)
"""Who writes units that move together, and who reads them, by hand."""


def residual(weights: Mapping[str, np.ndarray], label: str, dtype: torch.dtype = torch.float32) -> NetworkView:
    state = {name: torch.from_numpy(value.copy()).to(dtype) for name, value in weights.items()}
    layers = prunable_layers(Residual())
    mask = Mask({name: value != 0 for name, value in state.items()})
    return NetworkView(label, "", layers, mask, lambda: state, GRAPH)


def chained(weights: Mapping[str, np.ndarray], label: str, flatten: str = "channels-first") -> Network:
    return Network.of_arrays(label, weights, flatten=flatten)  # type: ignore[arg-type]


def moved_chain(weights: Mapping[str, np.ndarray], seed: int, last: bool = False) -> dict[str, np.ndarray]:
    """Return the same network with its hidden units in another order, columns along by hand."""
    random, moved, names = np.random.default_rng(seed), dict(weights), [*weights]
    for name, after in pairwise(names):
        order = random.permutation(len(weights[name]))
        moved[name] = moved[name][order]
        reader = moved[after]
        if weights[name].ndim == reader.ndim:
            moved[after] = reader[:, order]
        elif last:  # channels-last features: place after place, all channels of each
            moved[after] = reader.reshape(len(reader), -1, len(order))[:, :, order].reshape(reader.shape)
        else:
            moved[after] = reader.reshape(len(reader), len(order), -1)[:, order].reshape(reader.shape)
    return moved


def moved_residual(weights: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    random, moved = np.random.default_rng(seed), dict(weights)
    for writers, readers in STREAMS:
        order = random.permutation(len(weights[f"{writers[0]}.weight"]))
        for name in writers:
            moved[f"{name}.weight"] = moved[f"{name}.weight"][order]
        for name in readers:
            reader = moved[f"{name}.weight"]
            split = reader.reshape(len(reader), len(order), -1)[:, order]
            moved[f"{name}.weight"] = split.reshape(reader.shape)
    return moved


Copies = Callable[[float, int], tuple[Network, Network]]


def _chain_copies(shapes: Mapping[str, Sequence[int]], flatten: str = "channels-first") -> Copies:
    def make(density: float, seed: int) -> tuple[Network, Network]:
        weights = sparse_weights(shapes, density, seed)
        copy = moved_chain(weights, seed + 1, flatten == "channels-last")
        return chained(weights, "own", flatten), chained(copy, "copy", flatten)

    return make


def _residual_copies(density: float, seed: int) -> tuple[Network, Network]:
    weights = sparse_weights(RESIDUAL, density, seed)
    views = residual(weights, "own"), residual(moved_residual(weights, seed + 1), "copy")
    return Network.of_view(views[0]), Network.of_view(views[1])


def _graph_copies(density: float, seed: int) -> tuple[Network, Network]:
    weights = sparse_weights(CNN, density, seed)
    views = [
        NetworkView.of_arrays(label, each)
        for label, each in (("own", weights), ("copy", moved_chain(weights, seed + 1, last=True)))
    ]
    one, two = (Network.of_view(view, flatten="channels-last") for view in views)
    return one, two


COPIES: dict[str, Copies] = {
    "linear": _chain_copies(MLP),
    "convolutional": _chain_copies(CNN),
    "flattened channels-last": _chain_copies(CNN, "channels-last"),
    "flattened channels-last, by its graph": _graph_copies,
    "residual": _residual_copies,
}


@pytest.mark.parametrize("entry", CORRECTED)
@pytest.mark.parametrize("alignment", ALIGNMENTS)
@pytest.mark.parametrize("family", COPIES)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), density=st.sampled_from(DENSITIES))
def test_a_copy_with_permuted_hidden_units_is_at_distance_zero(
    entry: str, alignment: str, family: str, seed: int, density: float
) -> None:
    one, copy = COPIES[family](density, seed)
    there = network_distance(one, copy, entry, PLAIN.but(alignment=alignment))
    back = network_distance(copy, one, entry, PLAIN.but(alignment=alignment))
    for distance in (there, back):
        assert [layer.layer for layer in distance.layers if layer.value > 1e-9] == []
        assert [layer.layer for layer in distance.layers if layer.pooled > 1e-9] == []


@pytest.mark.parametrize("entry", network_distances)
@pytest.mark.parametrize("alignment", alignments)
@settings(max_examples=4, deadline=None)
@given(seeds=st.tuples(st.integers(0, 99), st.integers(100, 199)), density=st.sampled_from(DENSITIES))
def test_between_0_and_1_symmetric_and_0_to_itself(
    entry: str, alignment: str, seeds: tuple[int, int], density: float
) -> None:
    one, two = (chained(sparse_weights(CNN, density, seed), str(seed)) for seed in seeds)
    options = PLAIN.but(alignment=alignment)
    there, back = network_distance(one, two, entry, options), network_distance(two, one, entry, options)
    for layer in (*there.layers, *back.layers):
        known = [value for value in (layer.value, layer.pooled, layer.unordered) if not np.isnan(value)]
        assert all(0 <= value <= 1 for value in known)
    if entry in CORRECTED:
        np.testing.assert_allclose(*([x.value for x in d.layers] for d in (there, back)), atol=1e-12)
        np.testing.assert_allclose(*([x.pooled for x in d.layers] for d in (there, back)), atol=1e-12)
    same = network_distance(one, one, entry, options)
    assert [layer.layer for layer in same.layers if layer.value > 1e-12] == []


@pytest.mark.parametrize("entry", CORRECTED)
@pytest.mark.parametrize("family", COPIES)
def test_networks_that_differ_in_one_weight_are_apart_in_its_layer_alone(entry: str, family: str) -> None:
    """A distance that is 0 for everything would hold all of the above."""
    one, _ = COPIES[family](1.0, 7)
    name = [*one.layers][-1]
    units = one.layers[name]
    keep, values = units.keep.copy(), units.values.copy()
    keep[0, 0], values[0, 0] = False, 0
    two = replace(one, label="other", layers={**one.layers, name: type(units)(keep, values)}, cache={})
    found = {layer.layer: layer.value for layer in network_distance(one, two, entry).layers}
    assert found.pop(name) > 0
    assert {*found.values()} == {0}


@pytest.mark.parametrize("entry", CORRECTED)
@pytest.mark.parametrize("alignment", ALIGNMENTS)
def test_units_of_one_stream_move_together_or_are_apart(entry: str, alignment: str) -> None:
    """One end of a sum moved without the other is another network, though each layer alone has the same rows."""
    weights = sparse_weights(RESIDUAL, 0.5, 3)
    order, (_, reading) = [1, 2, 3, 0], STREAMS[0]
    moved = weights | {f"{name}.weight": weights[f"{name}.weight"][:, order] for name in reading}
    moved["stem.weight"] = weights["stem.weight"][order]  # and a2, which adds to it, stays
    one, two = (Network.of_view(residual(each, "net")) for each in (weights, moved))
    assert network_distance(one, two, entry, PLAIN.but(alignment=alignment)).value > 0.05


def _values(entry: str, options: Settings, views: Sequence[NetworkView]) -> list[float]:
    one, two = (Network.of_view(view) for view in views)
    distance = network_distance(one, two, entry, options)
    return [number for layer in distance.layers for number in (layer.value, layer.pooled, layer.unordered)]


def _devices() -> list[object]:
    absent = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is there")
    return ["cpu", pytest.param("cuda", marks=absent)]


@pytest.mark.parametrize("device", _devices())
@pytest.mark.parametrize("alignment", ["greedy", "weights"])
@pytest.mark.parametrize("entry", CORRECTED)
def test_device_precision_memory_and_portions_change_nothing(entry: str, alignment: str, device: str) -> None:
    weights = [sparse_weights(RESIDUAL, 0.3, seed) for seed in (1, 2)]
    options = PLAIN.but(alignment=alignment)
    expected = _values(entry, options, [residual(each, "net") for each in weights])
    elsewhere = options.but(compute=Compute(device, block=5))
    assert _values(entry, elsewhere, [residual(each, "net") for each in weights]) == expected
    double = [residual(each, "net", torch.float64) for each in weights]
    assert _values(entry, elsewhere, double) == expected
    turned = []
    for view in (residual(each, "net") for each in weights):
        state = {
            name: value.to(device, memory_format=torch.channels_last) if value.dim() == 4 else value.T.contiguous().T
            for name, value in view.state.items()
        }
        turned.append(replace(view, read=lambda state=state: state))
    assert not turned[0].state["a1.weight"].is_contiguous()
    assert _values(entry, elsewhere, turned) == expected
    fortran = [{n: np.asfortranarray(w).astype(">f8") for n, w in sparse_weights(CNN, 0.3, s).items()} for s in (1, 2)]
    plain = [sparse_weights(CNN, 0.3, seed) for seed in (1, 2)]
    by_layout = [
        network_distance(*(chained(each, str(n)) for n, each in enumerate(pair)), entry, options).value
        for pair in (fortran, plain)
    ]
    assert by_layout[0] == by_layout[1]

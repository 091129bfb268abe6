"""Betweenness of units of chains against a count of paths, pair by pair; which layers of which networks have rows."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from tombola.analysis.material import NetworkView
from tombola.analysis.structure.betweenness import as_chain, betweenness_table, chain_betweenness
from tombola.networks import build, layer_graph, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec


def paths(layers: list[np.ndarray], begin: int, source: int) -> list[list[int]]:
    """All paths from a unit to any unit behind it, as units of the layers from `begin` on."""
    found, ends = [], [[source]]
    for layer in layers[begin:]:
        ends = [[*path, unit] for path in ends for unit in np.flatnonzero(layer[:, path[-1]])]
        found += ends
    return found


def by_counting(layers: list[np.ndarray]) -> list[np.ndarray]:
    sizes = [layers[0].shape[1], *(len(layer) for layer in layers)]
    found = [np.zeros(size) for size in sizes]
    for begin, size in enumerate(sizes[:-1]):
        for source in range(size):
            every = paths(layers, begin, source)
            for end in range(begin + 2, len(sizes)):
                for target in range(sizes[end]):
                    own = [path for path in every if len(path) == end - begin + 1 and path[-1] == target]
                    for path, place in itertools.product(own, range(1, end - begin)):
                        found[begin + place][path[place]] += 1 / len(own)
    before = np.cumsum([0, *sizes])
    return [found[i] / (before[i] * (sum(sizes) - before[i] - sizes[i])) for i in range(1, len(sizes) - 1)]


@pytest.mark.parametrize("density", [1.0, 0.6, 0.3, 0.0])
def test_every_pair_shares_out_its_paths(density: float) -> None:
    rng = np.random.default_rng(3)
    sizes = [5, 4, 4, 3, 2]
    layers = [rng.random((out, into)) < density for into, out in itertools.pairwise(sizes)]
    for mine, counted in zip(chain_betweenness(layers), by_counting(layers), strict=True):
        np.testing.assert_allclose(mine, counted, atol=1e-12)


def test_filters_and_flattened_channels_are_single_nodes() -> None:
    rng = np.random.default_rng(0)
    weights = {
        "a": rng.normal(size=(3, 1, 3, 3)).astype("f4"),
        "b": rng.normal(size=(2, 3, 3, 3)).astype("f4"),
        "c": rng.normal(size=(4, 2)).astype("f4"),
    }
    weights["b"][1, 2] = 0
    chain = as_chain([value != 0 for value in weights.values()])
    assert chain is not None
    assert [layer.shape for layer in chain] == [(3, 1), (2, 3), (4, 2)]
    assert not chain[1][1, 2]
    assert as_chain([np.ones((3, 2), bool), np.ones((2, 12), bool)])[1].shape == (2, 3)  # type: ignore[index]
    assert as_chain([np.ones((3, 2), bool), np.ones((2, 4), bool)]) is None
    table = betweenness_table([NetworkView.of_arrays("n", weights, condition="c")])
    assert table.groupby("layer").size().to_dict() == {"a.weight": 3, "b.weight": 2}
    assert table.betweenness.between(0, 1).all()


def test_dead_units_are_between_nothing() -> None:
    one, two = np.ones((3, 4), bool), np.ones((2, 3), bool)
    one[0], two[:, 1] = False, False
    assert (chain_betweenness([one, two])[0] > 0).tolist() == [False, False, True]


def viewed(module: nn.Module, density: float, shape: tuple[int, ...]) -> NetworkView:
    random, layers = np.random.default_rng(0), tuple(prunable_layers(module))
    mask = Mask({each.name: torch.from_numpy(random.random(each.shape) < density) for each in layers})
    return NetworkView("n", "c", layers, mask, module.state_dict, layer_graph(module, shape))


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(linear=("12", "9")),
        NetworkSpec(family="conv", conv=("4", "M", "6", "M"), linear=("7",)),
        NetworkSpec(architecture="vgg11"),
    ],
)
def test_shipped_chains_have_the_values_they_had_without_a_graph(spec: NetworkSpec) -> None:
    module = build(spec, (3, 32, 32), 10)
    view = viewed(module, 0.02, (3, 32, 32))
    with_graph = betweenness_table([view])
    without = betweenness_table([NetworkView(view.label, "c", view.layers, view.mask, view.read)])
    assert len(with_graph) > 10
    assert with_graph.equals(without)


@pytest.mark.parametrize("name", ["resnet20", "resnet20-pad", "resnet20-gem", "resnet18-imagenet"])
def test_every_hidden_layer_of_residual_networks_has_rows(name: str) -> None:
    module = build(NetworkSpec(architecture=name), (3, 32, 32), 10)
    view = viewed(module, 0.1, (3, 32, 32))
    table = betweenness_table([view])
    hidden = {layer.name: layer.shape[0] for layer in view.layers[:-1]}
    assert table.groupby("layer", sort=False).size().to_dict() == hidden
    assert table.betweenness.between(0, 1).all()
    assert (table.groupby("layer").betweenness.max() > 0).all()


def test_layers_that_follow_each_other_in_shape_only_are_no_chain() -> None:
    """The weights of a network with option A fit each other one after the other, but they are not wired so."""
    module = build(NetworkSpec(architecture="resnet20-pad"), (3, 8, 8), 10)
    view = viewed(module, 0.3, (3, 8, 8))
    bare = NetworkView("n", "c", view.layers, view.mask, view.read)
    wired, chained = betweenness_table([view]), betweenness_table([bare])
    assert wired.layer.equals(chained.layer)
    assert not np.allclose(wired.betweenness, chained.betweenness, rtol=0.1)


def test_linear_layers_on_maps_have_no_row() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Flatten(), nn.Linear(16, 2))
    assert betweenness_table([viewed(module, 1, (1, 4, 4))]).empty

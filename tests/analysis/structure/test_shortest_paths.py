"""Betweenness in residual networks against networkx on graphs written down by hand, edge by edge."""

import itertools
from collections.abc import Callable

import networkx
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.analysis.structure import shortest_paths
from tombola.analysis.structure.betweenness import chain_betweenness, graph_betweenness
from tombola.analysis.structure.shortest_paths import shortest_path_betweenness
from tombola.analysis.structure.unit_graph import UnitGraph, unit_graph
from tombola.analysis.wiring import IMAGE
from tombola.networks import layer_graph, prunable_layers
from tombola.pruning import Mask

SHAPE = (2, 4, 4)
Unit = tuple[str, int]
Stream = list[list[Unit]]
"""The units that write to each channel."""


class Residual(nn.Module):
    """A stem, a block beside the identity, a block that widens the stream, a third one, a linear layer."""

    def __init__(self, padded: bool) -> None:
        super().__init__()
        self.padded = padded
        self.stem, self.a1, self.a2 = (nn.Conv2d(i, o, 3, padding=1) for i, o in ((2, 3), (3, 2), (2, 3)))
        self.b1, self.b2 = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 5, 3, padding=1)
        self.project = nn.Identity() if padded else nn.Conv2d(3, 5, 1, 2)
        self.norm, self.c1, self.c2 = nn.BatchNorm2d(5), nn.Conv2d(5, 3, 1), nn.Conv2d(3, 5, 1)
        self.out = nn.Linear(20, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        x = torch.relu(self.a2(torch.tanh(self.a1(x))) + x)
        aside = F.pad(F.avg_pool2d(x, 1, 2), (0, 0, 0, 0, 1, 1)) if self.padded else self.project(x)
        x = self.norm(self.b2(torch.relu(self.b1(x)))) + aside
        x = x + self.c2(torch.relu(self.c1(x)))
        return self.out(torch.flatten(x, 1))  # type: ignore[no-any-return]


def names(layer: str, size: int) -> Stream:
    return [[(layer, unit)] for unit in range(size)]


def summed(one: Stream, two: Stream) -> Stream:
    return [[*first, *second] for first, second in zip(one, two, strict=True)]


def by_hand(keep: dict[str, np.ndarray], padded: bool) -> networkx.DiGraph:
    """The units of `Residual` and who reads whom, block by block."""
    graph = networkx.DiGraph()

    def reading(layer: str, stream: Stream) -> Stream:
        for unit in range(len(keep[layer])):
            graph.add_node((layer, unit))
            for place, writers in enumerate(stream):
                if keep[layer][unit, place].any():
                    graph.add_edges_from((writer, (layer, unit)) for writer in writers)
        return names(layer, len(keep[layer]))

    image = names("", 2)
    graph.add_nodes_from(unit for (unit,) in image)
    x = reading("stem", image)
    x = summed(reading("a2", reading("a1", x)), x)
    inner = reading("b2", reading("b1", x))
    x = summed(inner, [[], *x, []] if padded else reading("project", x))
    x = summed(x, reading("c2", reading("c1", x)))
    reading("out", [writers for writers in x for _ in range(4)])
    return graph


def masked(module: nn.Module, seed: int, density: float) -> Mask:
    random = np.random.default_rng(seed)
    return Mask({each.name: torch.from_numpy(random.random(each.shape) < density) for each in prunable_layers(module)})


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(("density", "seed"), [(1, 0), *itertools.product((0.5, 0.2, 0.08), range(4)), (0, 0)])
def test_residual_networks_against_networkx(padded: bool, density: float, seed: int) -> None:
    module = Residual(padded)
    mask = masked(module, seed, density)
    units = unit_graph(layer_graph(module, SHAPE), mask)
    assert units is not None
    graph = by_hand({name.removesuffix(".weight"): keep.numpy() for name, keep in mask.items()}, padded)
    expected = networkx.betweenness_centrality(graph, normalized=False)
    before = {"stem": [""], "a1": ["", "stem"], "a2": ["", "stem", "a1"], "b1": ["", "stem", "a1", "a2"]}
    wide = [*before["b1"], "b1", "b2", *([] if padded else ["project"])]
    before |= {"project": before["b1"], "b2": [*before["b1"], "b1"], "c1": wide, "c2": [*wide, "c1"]}
    before["out"] = [*before["c2"], "c2"]
    sizes = {name.removesuffix(".weight"): size for name, size in units.sizes.items()}
    found = shortest_path_betweenness(units)
    assert list(found) == [name for name in units.sizes if name not in (IMAGE, "out.weight")]
    for layer, values in found.items():
        own = layer.removesuffix(".weight")
        behind = [name for name in sizes if name and own in before[name]]
        pairs = sum(map(sizes.__getitem__, before[own])) * sum(map(sizes.__getitem__, behind))
        np.testing.assert_allclose(values * pairs, [expected[own, unit] for unit in range(sizes[own])], atol=1e-9)
        assert ((values >= 0) & (values <= 1)).all()


def test_a_bypass_takes_paths_away_by_hand() -> None:
    """Image i, stem s, block b1 -> b2 beside the identity, output o; one unit each, all connected.

    Pairs two or more edges apart: (i, b1), (i, o) through s; (i, b2) through s and b1; (s, b2) through b1; (b1, o)
    through b2. (s, o) is an edge, and i reaches o by s alone, past the block.
    """

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.s, self.b1, self.b2, self.o = (nn.Conv2d(1, 1, 1) for _ in range(4))

        def forward(self, x: Tensor) -> Tensor:
            x = self.s(x)
            return self.o(x + self.b2(self.b1(x)))  # type: ignore[no-any-return]

    module = Small()
    one = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    units = unit_graph(layer_graph(module, (1, 1, 1)), Mask({f"{name}.weight": one for name in ("s", "b1", "b2", "o")}))
    assert units is not None
    found = {layer: values.tolist() for layer, values in shortest_path_betweenness(units).items()}
    assert found == {"s.weight": [3 / (1 * 3)], "b1.weight": [2 / (2 * 2)], "b2.weight": [1 / (3 * 1)]}


def test_how_many_are_searched_from_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    module = Residual(padded=True)
    units = unit_graph(layer_graph(module, SHAPE), masked(module, 1, 0.2))
    assert units is not None
    whole = shortest_path_betweenness(units)
    monkeypatch.setattr(shortest_paths, "TOGETHER", 2)
    for layer, values in shortest_path_betweenness(units).items():
        np.testing.assert_allclose(values, whole[layer], rtol=1e-12)


def chains() -> list[UnitGraph]:
    random = np.random.default_rng(4)
    made = []
    for density in (1.0, 0.5, 0.15, 0.0):
        sizes = {IMAGE: 6, "a": 5, "b": 7, "c": 4, "d": 3}
        pairs = itertools.pairwise(sizes)
        reads = {two: {one: random.random((sizes[two], sizes[one])) < density} for one, two in pairs}
        made.append(UnitGraph(sizes, reads))
    return made


@pytest.mark.parametrize("units", chains())
def test_chains_have_the_values_of_the_sweep(units: UnitGraph) -> None:
    layers = units.chain()
    assert layers is not None
    general, swept = shortest_path_betweenness(units), graph_betweenness(units)
    assert list(general) == list(swept) == ["a", "b", "c"]
    for found, sweep, chain in zip(general.values(), swept.values(), chain_betweenness(layers), strict=True):
        np.testing.assert_allclose(found, chain, rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(sweep, chain)


def shuffled(mask: Mask, order: np.ndarray) -> Mask:
    """Move the units of a1, which a2 alone reads."""
    changed = {name: keep.clone() for name, keep in mask.items()}
    changed["a1.weight"], changed["a2.weight"] = changed["a1.weight"][order], changed["a2.weight"][:, order]
    return Mask(changed)


def shuffled_stream(mask: Mask, order: np.ndarray) -> Mask:
    """Move the channels of the first stream, which stem and a2 write to and three layers read."""
    changed = {name: keep.clone() for name, keep in mask.items()}
    for name in ("stem", "a2"):
        changed[f"{name}.weight"] = changed[f"{name}.weight"][order]
    for name in ("a1", "b1", "project"):
        changed[f"{name}.weight"] = changed[f"{name}.weight"][:, order]
    return Mask(changed)


@pytest.mark.parametrize(("move", "moved", "size"), [(shuffled, ("a1",), 2), (shuffled_stream, ("stem", "a2"), 3)])
def test_values_move_with_their_units(
    move: Callable[[Mask, np.ndarray], Mask], moved: tuple[str, ...], size: int
) -> None:
    module = Residual(padded=False)
    mask, order = masked(module, 5, 0.15), np.roll(np.arange(size), 1)
    graphs = [unit_graph(layer_graph(module, SHAPE), each) for each in (mask, move(mask, order))]
    one, two = (shortest_path_betweenness(each) for each in graphs if each is not None)
    for layer, values in one.items():
        places = order if layer.removesuffix(".weight") in moved else np.arange(len(values))
        np.testing.assert_allclose(two[layer], values[places], atol=1e-12)
    assert any(len(set(one[f"{layer}.weight"])) > 1 for layer in moved), "the move shows"

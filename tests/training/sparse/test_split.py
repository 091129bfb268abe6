"""Which convolutions are computed densely: a rule of shapes and densities, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tombola.networks import build
from tombola.networks.graph import LayerGraph, layer_graph
from tombola.pruning import Mask
from tombola.specs import NetworkSpec
from tombola.training.sparse.layers import read_layers
from tombola.training.sparse.split import _seams, dense_end, split

MakeCase = Callable[..., Any]
SHAPE = (3, 32, 32)
CONV = {2: ("64", "64", "M"), 4: ("64", "64", "M", "128", "128", "M")}


def network(depth: int) -> nn.Module:
    return build(NetworkSpec(family="conv", conv=CONV[depth], linear=("256", "256")), SHAPE, 10, device="meta")


def densities(graph: LayerGraph, *conv: float, linear: float = 0.1) -> dict[str, float]:
    names = [str(node.weight) for node in graph.weighted() if node.op == "conv"]
    rest = {str(node.weight): linear for node in graph.weighted() if node.op == "linear"}
    return dict(zip(names, conv, strict=True)) | rest


def last(graph: LayerGraph, end: int) -> str:
    return f"{graph[end].op} {[*graph[end].shape]}"


@pytest.mark.parametrize(
    ("depth", "conv", "wanted"),
    [
        (2, (1.0, 1.0), "max_pool [64, 16, 16]"),
        (2, (0.9, 0.9), "max_pool [64, 16, 16]"),
        (2, (0.5, 0.5), "input [3, 32, 32]"),
        (2, (1.0, 0.3), "input [3, 32, 32]"),  # three channels are few: the first convolution alone is not worth it
        (4, (1.0, 1.0, 1.0, 1.0), "max_pool [128, 8, 8]"),
        (4, (1.0, 1.0, 0.3, 0.3), "max_pool [64, 16, 16]"),
        (4, (0.3, 0.3, 0.9, 0.9), "input [3, 32, 32]"),  # what is dense comes too late to pay for what is not
        (4, (0.1, 0.1, 0.1, 0.1), "input [3, 32, 32]"),
    ],
)
def test_what_hardly_anything_is_pruned_of_is_dense(depth: int, conv: tuple[float, ...], wanted: str) -> None:
    graph = layer_graph(network(depth), SHAPE)
    assert last(graph, split(graph.nodes, densities(graph, *conv), 60)) == wanted


def test_less_is_dense_the_more_is_pruned() -> None:
    graph = layer_graph(network(4), SHAPE)
    ends = [split(graph.nodes, densities(graph, *[share / 20] * 4), 60) for share in range(21)]
    assert ends == sorted(ends)
    assert ends[0] == 0 < ends[-1]


def test_networks_without_convolutions_are_never_split() -> None:
    graph = layer_graph(nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.Linear(300, 10)).to("meta"), (1, 28, 28))
    assert split(graph.nodes, {}, 60) == 0


def test_the_densities_are_those_of_the_mask() -> None:
    module = build(NetworkSpec(family="conv", conv=CONV[2], linear=("16",)), SHAPE, 10)
    layers, weights = read_layers(module, SHAPE), [p for p in module.named_parameters() if p[1].dim() > 1]
    few, all_ = (Mask({name: torch.ones(w.shape) > less for name, w in weights}) for less in (2, 0))
    assert dense_end(layers, few, SHAPE, 60) == 0
    assert dense_end(layers, all_, SHAPE, 60) == dense_end(layers, None, SHAPE, 60) == 5


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("conv", ["relu", "max_pool", "avg_pool"]),
        # inside of a block, the shortcut passes by
        ("residual", ["relu", "relu", "relu", "avg_pool"]),
        ("linear", []),
    ],
)
def test_networks_are_cut_where_one_map_is_all_there_is(body: str, wanted: list[str], make_case: MakeCase) -> None:
    graph = layer_graph(make_case(body).module, (2, 10, 9))
    assert [graph[position].op for position in sorted(_seams(graph.nodes))] == wanted

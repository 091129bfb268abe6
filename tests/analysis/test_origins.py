"""The walk that analyses share: which unit of which layer each channel holds, checked on what networks compute."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.analysis.wiring import IMAGE, chain_units, origins
from tombola.errors import TombolaError
from tombola.networks import LayerGraph, Scale, build, layer_graph
from tombola.networks.graph_run import apply
from tombola.specs import NetworkSpec

SHAPE = (3, 8, 8)


class Widened(nn.Module):
    """A sum of one map with itself, padded on different sides: some channels hold two units of one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(6 * 64, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        return self.out(torch.flatten(F.pad(x, (0, 0, 0, 0, 0, 2)) + F.pad(x, (0, 0, 0, 0, 2, 0)), 1))


NETWORKS = {
    "conv": lambda: build(NetworkSpec(family="conv", conv=("4", "M", "6", "M"), linear=("7",)), SHAPE, 5),
    "resnet20": lambda: build(NetworkSpec(architecture="resnet20"), SHAPE, 5),
    "resnet20-pad": lambda: build(NetworkSpec(architecture="resnet20-pad"), SHAPE, 5),
    "widened": Widened,
    "depthwise": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.ReLU(), Scale(6),
        nn.Flatten(), nn.Dropout(0.1), nn.Linear(6 * 64, 5),
    ),
}  # fmt: skip


def marked(graph: LayerGraph, module: nn.Module, layer: str, unit: int) -> list[Tensor]:
    """Return every node's output where only one unit of one layer is not silent."""
    values = [torch.zeros(1, *graph.input_shape)]
    state = {name: value.clone().float() for name, value in module.state_dict().items()}
    for name in state:  # nothing comes from anywhere but the mark
        if name.endswith(("bias", "running_mean")):
            state[name].zero_()
    for node in graph.nodes[1:]:
        value = apply(node, state, [values[source] for source in node.inputs])
        if node.weight is not None:
            value = torch.zeros_like(value)
            if node.weight == layer:
                value[0, unit] = 1
        values.append(value)
    return values


@pytest.mark.parametrize("name", NETWORKS)
def test_a_unit_is_heard_in_the_channels_that_hold_it_and_nowhere_else(name: str) -> None:
    torch.manual_seed(0)
    module = NETWORKS[name]().eval()
    graph = layer_graph(module, SHAPE)
    held = origins(graph)
    assert len(held) == len(graph)
    for layer in [str(node.weight) for node in graph.weighted()][::3]:
        for unit in (0, 2):
            for node, value, sources in zip(graph, marked(graph, module, layer, unit), held, strict=True):
                heard = {*np.flatnonzero(value[0].flatten(1).any(1) if value.dim() > 2 else value[0] != 0)}
                told = {place for one in sources if one.layer == layer for place in np.flatnonzero(one.units == unit)}
                assert heard == told, (node.label, layer, unit)


def test_the_image_s_channels_are_known_until_the_first_layer() -> None:
    held = origins(layer_graph(nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), SHAPE))
    assert [one.layer for one in held[0]] == [one.layer for one in held[1]] == [IMAGE]
    assert held[1][0].units[[0, 63, 64, 191]].tolist() == [0, 0, 1, 2]
    assert [one.layer for one in held[2]] == ["1.weight"]


def test_maps_flattened_in_the_other_order() -> None:
    graph = layer_graph(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2)), SHAPE)
    assert origins(graph, "channels-last")[2][0].units[:6].tolist() == [0, 1, 2, 3, 0, 1]
    assert origins(graph)[2][0].units[:6].tolist() == [0] * 6
    for order in ("channels-first", "channels-last"):
        by_shape = chain_units("0", (4, 3, 3, 3), "2", (2, 144), order)
        assert (origins(graph, order)[2][0].units == by_shape).all()


def test_a_layer_that_reaches_a_sum_twice_is_one_origin_where_it_can_be() -> None:
    graph = layer_graph(build(NetworkSpec(architecture="resnet20-pad"), SHAPE, 5), SHAPE)
    assert all(len({one.layer for one in each}) == len(each) for each in origins(graph))
    twice = next(
        each
        for node, each in zip(layer_graph(Widened(), SHAPE), origins(layer_graph(Widened(), SHAPE)), strict=True)
        if node.op == "add"
    )
    assert [one.units.tolist() for one in twice] == [[0, 1, 2, 3, -1, -1], [-1, -1, 0, 1, 2, 3]]


@pytest.mark.parametrize(("shape", "reader"), [((4, 3), (2, 8)), ((4, 3, 3, 3), (2, 9)), ((4, 3, 3, 3), (2, 8, 3, 3))])
def test_layers_of_a_chain_must_fit(shape: tuple[int, ...], reader: tuple[int, ...]) -> None:
    with pytest.raises(TombolaError, match="do not make a chain"):
        chain_units("a", shape, "b", reader)

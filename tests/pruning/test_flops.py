"""Multiply-adds as published: sparse-analysis reference, section 3.2."""

import pytest
import torch
from torch import nn

from tombola.networks import build, layer_graph, prunable_layers
from tombola.pruning import Mask
from tombola.pruning.flops import count_flops
from tombola.specs import NetworkSpec


def test_every_kind_of_layer() -> None:
    body = (nn.Conv2d(4, 6, (3, 1), stride=2, padding=(1, 0), groups=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2))
    module = nn.Sequential(*body, nn.Flatten(), nn.Linear(6 * 2 * 2, 5), nn.BatchNorm1d(5))
    keep = {layer.name: torch.zeros(layer.shape, dtype=torch.bool) for layer in prunable_layers(module)}
    keep["0.weight"][:, 0] = True  # half of the channels that a filter sees
    keep["5.weight"][1] = True
    graph = layer_graph(module, (4, 8, 9))
    found = count_flops(graph, Mask(keep))
    maps = 4 * 5
    assert [each.name for each in found] == ["0.weight", "1", "5.weight", "6"]
    assert [each.dense for each in found] == [6 * 2 * 3 * maps, 6 * maps, 24 * 5, 5]
    assert [each.sparse for each in found] == [6 * 3 * maps, 6 * maps, 24, 5]
    assert [each.dense for each in count_flops(graph)] == [each.sparse for each in count_flops(graph)]


@pytest.mark.parametrize(("name", "millions"), [("resnet20", 40.55), ("vgg16", 313.20)])
def test_networks_of_papers(name: str, millions: float) -> None:
    """Weights of convolutions and linear layers alone; 41 and 313 million are the numbers that papers give."""
    module = build(NetworkSpec(architecture=name), (3, 32, 32), 10, "meta")
    found = count_flops(layer_graph(module, (3, 32, 32)))
    weighted = sum(each.dense for each in found if each.name.endswith(".weight"))
    assert weighted / 1e6 == pytest.approx(millions, abs=0.3)

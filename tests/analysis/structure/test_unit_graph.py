"""Who reads whom, unit by unit, on networks small enough to write down."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.analysis.structure.unit_graph import UnitGraph, unit_graph
from tombola.analysis.wiring import IMAGE
from tombola.errors import TombolaError
from tombola.networks import build, layer_graph
from tombola.pruning import Mask
from tombola.specs import NetworkSpec


class Padded(nn.Module):
    """Two channels that are widened to four by zeros on both sides, beside a convolution (option A)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 4, 1)
        self.bn, self.c = nn.BatchNorm2d(4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.a(x))
        x = torch.relu(self.bn(self.b(x)) + F.pad(x, (0, 0, 0, 0, 1, 1)))
        return self.c(F.adaptive_avg_pool2d(x, 1).flatten(1))  # type: ignore[no-any-return]


def found(module: nn.Module, shape: tuple[int, ...], **layers: Sequence[object]) -> UnitGraph:
    keep = {f"{name.lstrip('_')}.weight": torch.tensor(rows, dtype=torch.bool) for name, rows in layers.items()}
    units = unit_graph(layer_graph(module, shape), Mask(keep))
    assert units is not None
    return units


def edges(units: UnitGraph) -> set[tuple[str, int, str, int]]:
    return {
        (writer.removesuffix(".weight"), int(of), layer.removesuffix(".weight"), int(unit))
        for layer, reads in units.reads.items()
        for writer, keep in reads.items()
        for unit, of in np.argwhere(keep)
    }


def test_a_stream_padded_with_zeros_by_hand() -> None:
    taps = [[[[0]], [[1]]], [[[1]], [[0]]], [[[0]], [[0]]], [[[1]], [[1]]]]
    units = found(Padded(), (1, 2, 2), a=[[[[1]]], [[[0]]]], b=taps, c=[[1, 1, 0, 0], [0, 0, 1, 1]])
    assert units.sizes == {IMAGE: 1, "a.weight": 2, "b.weight": 4, "c.weight": 2}
    assert edges(units) == {
        (IMAGE, 0, "a", 0),
        ("a", 1, "b", 0), ("a", 0, "b", 1), ("a", 0, "b", 3), ("a", 1, "b", 3),
        ("b", 0, "c", 0), ("b", 1, "c", 0), ("b", 2, "c", 1), ("b", 3, "c", 1),
        ("a", 0, "c", 0),  # channel 1 of four is channel 0 of two
        ("a", 1, "c", 1),
    }  # fmt: skip
    assert units.chain() is None
    assert units.before()["c.weight"] == {IMAGE, "a.weight", "b.weight"}


def test_groups_read_their_own_channels_and_flattened_places_are_their_channel() -> None:
    module = nn.Sequential(nn.Conv2d(4, 2, 1, groups=2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 3))
    linear = np.zeros((3, 8), bool)
    linear[0, 3] = linear[1, 4] = linear[1, 0] = True
    units = found(module, (4, 2, 2), _0=[[[[1]], [[0]]], [[[1]], [[1]]]], _3=linear.tolist())
    assert edges(units) == {
        (IMAGE, 0, "0", 0), (IMAGE, 2, "0", 1), (IMAGE, 3, "0", 1),
        ("0", 0, "3", 0), ("0", 0, "3", 1), ("0", 1, "3", 1),
    }  # fmt: skip
    assert [each.shape for each in units.chain() or []] == [(2, 4), (3, 2)]


def test_pixels_are_inputs_where_only_linear_layers_read_them() -> None:
    class Beside(nn.Module):
        def __init__(self, first: nn.Module) -> None:
            super().__init__()
            self.first, self.second = first, nn.Linear(12, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(torch.flatten(x, 1) + torch.flatten(self.first(x), 1))  # type: ignore[no-any-return]

    second = np.zeros((2, 12), bool)
    second[0, [5, 6]] = True
    linear = nn.Sequential(nn.Flatten(), nn.Linear(12, 12))
    first = np.eye(12, k=1, dtype=bool)
    units = unit_graph(
        layer_graph(Beside(linear), (3, 2, 2)),
        Mask({"first.1.weight": torch.from_numpy(first), "second.weight": torch.from_numpy(second)}),
    )
    assert units is not None
    assert units.sizes[IMAGE] == 12
    assert (units.reads["first.1.weight"][IMAGE] == first).all()
    assert (units.reads["second.weight"][IMAGE] == second).all()
    units = found(Beside(nn.Conv2d(3, 3, 1)), (3, 2, 2), second=second.tolist())
    assert units.sizes[IMAGE] == 3
    assert np.flatnonzero(units.reads["second.weight"][IMAGE][0]).tolist() == [1]
    assert units.reads["first.weight"][IMAGE].all(), "layers outside of the mask keep all weights"


def test_a_layer_that_is_in_one_channel_twice_is_read_by_both_names() -> None:
    class Widened(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.out = nn.Conv2d(1, 2, 1), nn.Conv2d(3, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            return self.out(F.pad(x, (0, 0, 0, 0, 0, 1)) + F.pad(x, (0, 0, 0, 0, 1, 0)))  # type: ignore[no-any-return]

    for channel, heard in enumerate([[0], [0, 1], [1]]):
        taps = [[[[int(place == channel)]] for place in range(3)]]
        units = found(Widened(), (1, 1, 1), a=[[[[1]]], [[[1]]]], out=taps)
        assert np.flatnonzero(units.reads["out.weight"]["a.weight"][0]).tolist() == heard


def test_linear_layers_on_maps_have_no_units() -> None:
    graph = layer_graph(nn.Sequential(nn.Linear(4, 4), nn.Flatten(), nn.Linear(16, 2)), (1, 4, 4))
    assert unit_graph(graph, Mask({"2.weight": torch.ones(2, 16, dtype=torch.bool)})) is None


def test_masks_of_another_network_are_refused() -> None:
    with pytest.raises(TombolaError, match=r"'a.weight' has shape \[3, 1, 1, 1\], but the weight \[2, 1, 1, 1\]"):
        found(Padded(), (1, 2, 2), a=[[[[1]]]] * 3)


@pytest.mark.parametrize(
    ("name", "writers"),
    [("resnet20", 4), ("resnet20-pad", 10), ("resnet20-gem", 4), ("resnet18-imagenet", 3), ("vgg11", 1)],
)
def test_the_last_layer_reads_all_that_was_added_into_its_stream(name: str, writers: int) -> None:
    """The last convolutions of the stage's blocks, and its projection; with zero padding those of every block."""
    graph = layer_graph(build(NetworkSpec(architecture=name), (3, 32, 32), 10), (3, 32, 32))
    units = unit_graph(graph, Mask({}))
    assert units is not None
    assert (units.chain() is not None) == (name == "vgg11")
    assert [*units.reads] == [node.weight for node in graph.weighted()]
    last = units.reads[str(graph.weighted()[-1].weight)]
    assert len(last) == writers
    assert all(edges.all() for edges in last.values())

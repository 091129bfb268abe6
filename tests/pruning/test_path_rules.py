"""What the definition of paths says of special cases, and paths of every registered network."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, build, layer_graph, networks, prunable_layers
from tombola.networks.graph import OPS
from tombola.pruning import Mask
from tombola.pruning.paths import find_paths, path_mask
from tombola.pruning.reachability import ONE_TO_ONE
from tombola.specs import NetworkSpec

SHAPE = (2, 6, 5)


class Residual(nn.Module):
    """A block with an identity and one with a projection, the mean of the map, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 3, 3, padding=1)
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.body, self.shortcut = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(3, 4, 1, 2)
        self.head = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        x = torch.relu(self.stem(images))
        x = torch.relu(x + self.second(torch.relu(self.first(x))))
        return self.head((self.body(x) + self.shortcut(x)).mean((2, 3)))


def ones(module: nn.Module) -> dict[str, Tensor]:
    return {layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in prunable_layers(module)}


def test_of_three_by_three_kernels_on_one_pixel_only_the_centre_counts() -> None:
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.AvgPool2d((4, 3)), nn.Conv2d(3, 3, 3, padding=1), nn.Flatten())
    assert path_mask(Mask(ones(module)), module, SHAPE).remaining() == {"0.weight": 54, "2.weight": 9}


def test_a_unit_with_a_bias_but_no_input_is_constant() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.Linear(2, 2))
    keep = {"1.weight": torch.tensor([[True, True], [False, False]]), "2.weight": torch.tensor([[True, True]] * 2)}
    graph = layer_graph(module, (1, 1, 2))
    assert find_paths(graph, Mask(keep)).mask.remaining() == {"1.weight": 2, "2.weight": 2}
    assert find_paths(graph, Mask(keep), biases=True).mask.remaining() == {"1.weight": 2, "2.weight": 4}


def test_what_is_not_pruned_connects() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(60, 5), nn.ReLU(), nn.Linear(5, 4), nn.Linear(4, 3))
    mask = Mask({"3.weight": torch.eye(4, 5, dtype=torch.bool)})
    found = find_paths(layer_graph(module, SHAPE), mask)
    assert found.mask == mask
    assert int(found.inputs.sum()) == 60
    assert found.unread["3.weight"].sum() == 0


def test_units_nobody_reads_and_ends_of_paths() -> None:
    module = Residual()
    keep = ones(module)
    keep["head.weight"][:, 1] = False
    keep["head.weight"][0] = False
    found = find_paths(layer_graph(module, SHAPE), Mask(keep))
    # both branches of the last sum lose the unit, and nothing before it
    lost = {name: flags.nonzero().flatten().tolist() for name, flags in found.unread.items() if flags.any()}
    assert lost == {"body.weight": [1], "shortcut.weight": [1]}
    assert found.outputs.tolist() == [False, True]
    assert not find_paths(
        layer_graph(module, SHAPE), Mask(keep | {"head.weight": keep["head.weight"] & False})
    ).connected


def test_a_residual_link_bridges_an_empty_layer() -> None:
    module = Residual()
    keep = ones(module)
    keep["first.weight"].zero_()
    found = find_paths(layer_graph(module, SHAPE), Mask(keep))
    assert found.connected
    assert found.mask.remaining()["second.weight"] == 0
    assert found.mask.remaining()["stem.weight"] == 54


def test_masks_of_other_networks_are_refused() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(60, 5), nn.Linear(5, 4))
    with pytest.raises(TombolaError, match="covers 'else', which the network lacks"):
        path_mask(Mask({"else": torch.ones(2, dtype=torch.bool)}), module, SHAPE)
    with pytest.raises(TombolaError, match=r"has shape \[4, 4\], but the weight \[4, 5\]"):
        path_mask(Mask({"2.weight": torch.ones(4, 4, dtype=torch.bool)}), module, SHAPE)


def test_every_operation_of_layer_graphs_has_paths() -> None:
    known = ONE_TO_ONE | {"input", "conv", "linear", "max_pool", "avg_pool", "flatten", "add", "pad"}
    assert set(OPS) <= known


@pytest.mark.parametrize("density", [1.0, 0.02])
def test_vgg_16_has_a_path_per_survivor_that_a_chain_of_units_gives(density: float) -> None:
    """Where maps are larger than kernels, pixels do not matter: reachable units on both sides are enough."""
    module = build(NetworkSpec(architecture="vgg16"), (3, 32, 32), 10, "meta")
    graph = layer_graph(module, (3, 32, 32))
    generator = torch.Generator().manual_seed(0)
    mask = Mask(
        {layer.name: torch.rand(layer.shape, generator=generator) < density for layer in prunable_layers(module)}
    )
    assert find_paths(graph, mask).mask == by_units(graph, mask)


def by_units(graph: LayerGraph, mask: Mask) -> Mask:
    """Return the weights between units that a chain of kernels connects with the input and the output."""
    connects = [mask[name].flatten(2).any(2) if mask[name].ndim > 2 else mask[name] for name in mask]
    reached, needed = [torch.ones(3, dtype=torch.bool)], [torch.ones(10, dtype=torch.bool)]
    for matrix in connects:
        reached.append(matrix[:, reached[-1]].any(1))
    for matrix in connects[::-1]:
        needed.insert(0, matrix[needed[0]].any(0))
    return Mask(
        {
            name: keep & (needed[i + 1][:, None] & reached[i]).reshape(*keep.shape[:2], *[1] * (keep.ndim - 2))
            for i, (name, keep) in enumerate(mask.items())
        }
    )


def test_functions_pool_as_layers_do() -> None:
    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            return F.adaptive_avg_pool2d(F.max_pool2d(self.conv(x), 2, 1), 1).flatten(1)

    dense = Mask.dense(prunable_layers(Called()))
    assert path_mask(dense, Called(), SHAPE) == dense


# vgg16-imagenet is large; the layer graph knows no attention
REGISTERED = [name for name in networks if name not in ("factory", "vgg16-imagenet", "vit-tiny")]


@pytest.mark.parametrize("name", REGISTERED)
def test_all_of_a_registered_network_is_on_a_path_but_what_padding_hides(name: str) -> None:
    spec = (
        NetworkSpec(architecture=name, conv=("4B", "M", "6"), linear=(8,))
        if name == "plan"
        else NetworkSpec(architecture=name)
    )
    side = 64 if name.endswith("-imagenet") else 32  # their last maps of a 32-pixel image would be a single place
    module = build(spec, (3, side, side), 10, "meta")
    graph = layer_graph(module, (3, side, side))
    dense = Mask.dense(prunable_layers(module))
    found = find_paths(graph, dense)
    assert found.mask.count == dense.count
    assert found.inputs.all()
    assert found.outputs.all()
    empty = Mask({layer: keep & False for layer, keep in dense.items()})
    assert find_paths(graph, empty).mask.count == 0
    assert math.prod(graph.output_shape) == 10

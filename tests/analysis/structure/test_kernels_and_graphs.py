"""Kernels as graphs and patterns, degrees, spectra, numbers of paths, first-layer maps."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays
from torch import nn

from tombola.analysis.material import NetworkView
from tombola.analysis.structure import (
    degrees,
    filter_scores,
    first_layer_counts,
    first_layer_map,
    kernel_scores,
    kernel_supports,
    log_paths,
    seen_shape,
    spectrum,
)
from tombola.errors import TombolaError
from tombola.networks import build, layer_graph, prunable_layers
from tombola.networks.graph import run_graph
from tombola.pruning import Mask
from tombola.specs import NetworkSpec

Generate = Callable[[int, float], Mapping[str, np.ndarray]]


def kernel(*places: tuple[int, int]) -> np.ndarray:
    found = np.zeros((1, 1, 3, 3), bool)
    for place in places:
        found[0, 0][place] = True
    return found


def test_the_kernels_of_section_7_7() -> None:
    one, corner = kernel((0, 0), (0, 1), (2, 2)), kernel((0, 0), (1, 1))
    assert kernel_scores(one) == 0.5
    assert kernel_scores(corner) == 0
    assert kernel_scores(corner, "euclidean") == 1
    assert kernel_scores(kernel()) == 0
    assert kernel_scores(kernel((1, 1))) == 0
    assert kernel_scores(kernel((0, 0), (0, 1), (1, 0))) == 1
    third = kernel((0, 0), (0, 1), (0, 2), (2, 0), (2, 2))
    assert kernel_scores(third) == pytest.approx(1 / 3)
    assert kernel_scores(third, decimals=2) == 0.33
    assert kernel_scores(third, smallest=3) == 0
    both = np.concatenate([one, corner], 1)
    assert filter_scores(kernel_scores(both)).tolist() == [0.25]
    with pytest.raises(TombolaError, match="manhattan"):
        kernel_scores(one, "manhatten")  # type: ignore[arg-type]


@given(arrays(bool, (3, 4, 3, 3)))
def test_scores_of_kernels_do_not_depend_on_their_company(keep: np.ndarray) -> None:
    scores = kernel_scores(keep, "euclidean")
    for place in np.ndindex(3, 4):
        assert scores[place] == kernel_scores(keep[place][None, None], "euclidean")


def test_common_supports_and_what_chance_makes() -> None:
    layers = [np.concatenate([kernel((0, 0))] * 3 + [kernel()]), kernel((0, 0), (1, 1))]
    found = kernel_supports([*layers, np.ones((9, 9, 1, 1), bool)])
    assert [(each.bits, each.count) for each in found] == [
        ("100/000/000", 3), ("000/000/000", 1), ("100/010/000", 1),
    ]  # fmt: skip
    densities = 3 / 36, 2 / 9
    assert found[0].expected == pytest.approx(
        4 * densities[0] * (1 - densities[0]) ** 8 + densities[1] * (1 - densities[1]) ** 8
    )
    assert len(kernel_supports(layers, most=1)) == 1
    assert kernel_supports([]) == []


def test_expected_supports_add_up_to_all_kernels() -> None:
    keep = np.random.default_rng(0).random((64, 64, 3, 3)) < 0.5
    found = kernel_supports([keep])
    assert sum(each.count for each in found) == 64 * 64
    assert sum(each.expected for each in found) == pytest.approx(64 * 64, rel=0.01)  # all 512 patterns occur


def test_degrees_of_linear_layers_and_convolutions() -> None:
    keep = np.array([[True, True, False], [False, True, False]])
    found = degrees(keep)
    assert found.entering.tolist() == [2, 1]
    assert found.leaving.tolist() == [1, 2, 0]
    assert found.most == (3, 2)
    convolution = degrees(np.ones((2, 3, 3, 3), bool))
    assert convolution.entering.tolist() == [27, 27]
    assert convolution.leaving.tolist() == [18] * 3
    assert all(map(math.isnan, convolution.dispersion))
    random = degrees(np.random.default_rng(1).random((400, 400)) < 0.1)
    assert random.dispersion == pytest.approx((1, 1), abs=0.25)
    gathered = np.zeros((100, 100), bool)
    gathered[:10] = True
    assert degrees(gathered).dispersion[0] == pytest.approx(100)


def test_spectrum_of_graphs_that_are_known() -> None:
    whole = spectrum(np.ones((4, 9), bool))
    assert (whole.first, whole.second) == pytest.approx((6, 0), abs=1e-6)
    assert whole.bound == pytest.approx(math.sqrt(8) + math.sqrt(3))
    apart = spectrum(np.kron(np.eye(2, dtype=bool), np.ones((3, 3), bool)))
    assert apart.gap == pytest.approx(0)
    assert apart.first == pytest.approx(3)
    dead = np.zeros((6, 9), bool)
    dead[:4] = True
    assert spectrum(dead).first == pytest.approx(whole.first)
    assert spectrum(dead).bound == pytest.approx(whole.bound)
    assert math.isnan(spectrum(np.zeros((2, 2), bool)).gap)


def test_paths_of_a_chain_are_products_of_masks(generated: Generate) -> None:
    weights = generated(7, 0.3)
    view = NetworkView.of_arrays("g", weights)
    assert view.graph is not None
    product = np.ones(20)
    for each in weights.values():
        product = (each != 0).astype(float) @ product
    assert math.exp(log_paths(view.graph, view.mask)) == pytest.approx(product.sum())
    assert math.exp(log_paths(view.graph)) == pytest.approx(20 * 16 * 12 * 5)


def test_paths_through_pools() -> None:
    generator = torch.Generator().manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.Flatten(), nn.Linear(27, 2)
    )
    shapes = {name: module.state_dict()[name].shape for name in ("0.weight", "3.weight")}
    keep = {name: torch.rand(shape, generator=generator) < 0.5 for name, shape in shapes.items()}
    maps = nn.functional.conv2d(torch.ones(1, 2, 4, 4), keep["0.weight"].float(), padding=1)
    sums = nn.functional.avg_pool2d(maps, 3, 2, 1, ceil_mode=True, divisor_override=1)
    expected = float(sums.flatten() @ keep["3.weight"].float().sum(0))
    assert math.exp(log_paths(layer_graph(module, (2, 4, 4)), Mask(keep))) == pytest.approx(expected)


def test_paths_through_residual_links_are_what_ones_make() -> None:
    """With weights of 1 a linear network's outputs for images of 1 add up to its paths; the mean pool divides."""
    module = build(NetworkSpec(architecture="resnet20"), (3, 8, 8), 10)
    graph, generator = layer_graph(module, (3, 8, 8)), torch.Generator().manual_seed(0)
    names = [layer.name for layer in prunable_layers(module)]
    state = {name: value.double() for name, value in module.state_dict().items()}
    keep = {name: torch.rand(state[name].shape, generator=generator) < 0.2 for name in names}
    for node in graph:
        for role, name in node.tensors:
            if name in keep:
                state[name] = keep[name].double()
            elif node.op == "batch_norm":
                state[name].fill_({"weight": (1 + node["eps"]) ** 0.5, "running_var": 1}.get(role, 0))
            else:
                state[name].fill_(0)
    total = float(run_graph(graph, state, torch.ones(1, 3, 8, 8, dtype=torch.float64)).sum())
    assert log_paths(graph, Mask(keep)) == pytest.approx(math.log(total * 2 * 2))


def test_paths_beyond_floating_point() -> None:
    layers = {f"l{number}": np.ones((10, 10), np.float32) for number in range(400)}
    view = NetworkView.of_arrays("deep", layers)
    assert view.graph is not None
    assert log_paths(view.graph, view.mask) == pytest.approx(401 * math.log(10))
    layers["l7"] = np.zeros((10, 10), np.float32)
    view = NetworkView.of_arrays("cut", layers)
    assert view.graph is not None
    assert log_paths(view.graph, view.mask) == -math.inf


def test_first_layer_maps() -> None:
    weight = np.zeros((2, 9), np.float32)
    weight[0, 4], weight[1, 4], weight[1, 0] = 1, -3, 2
    view = NetworkView.of_arrays("map", {"a": weight, "b": np.ones((2, 2), np.float32)})
    found, counts = first_layer_map(view), first_layer_counts(view)
    assert found is not None
    assert found[0].tolist() == [[2, 0, 0], [0, -2, 0], [0, 0, 0]]
    assert counts is not None
    assert counts[0].tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 0]]
    flat = NetworkView.of_arrays("flat", {"a": np.ones((2, 20), np.float32)})
    assert first_layer_map(flat) is None


def test_units_are_no_image_however_many_they_are() -> None:
    """A first layer that is not prunable: the next one reads 4 channels of 4 x 4, as many numbers as the image has."""
    random = np.random.default_rng(0)
    weights = {"conv": (4, 1, 3, 3), "more": (4, 4, 3, 3), "linear": (5, 64)}
    whole = NetworkView.of_arrays("whole", {name: random.normal(size=shape) for name, shape in weights.items()})
    assert first_layer_map(whole) is not None
    for first in (1, 2):
        view = replace(whole, layers=whole.layers[first:])
        assert first_layer_map(view) is first_layer_counts(view) is seen_shape(view) is None

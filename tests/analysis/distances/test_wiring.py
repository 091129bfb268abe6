"""Which units may change places: checked on the network's own function, and on copies with shuffled units."""

import numpy as np
import pytest
import torch
from torch import nn

from tombola.analysis.distances import Network, Settings, network_distance
from tombola.analysis.distances.flattening import channels_first, feature_numbers
from tombola.analysis.distances.wiring_chain import chain_wiring
from tombola.analysis.distances.wiring_graph import graph_wiring
from tombola.analysis.material import NetworkView
from tombola.networks import build, layer_graph, prunable_layers
from tombola.pruning import Mask
from tombola.specs import NetworkSpec

from .conftest import shuffled, sparse_weights

SHAPE = (3, 8, 8)
NETWORKS = {
    "conv": NetworkSpec(family="conv", conv=("4", "6", "M"), linear=("8",)),
    "lenet": NetworkSpec(family="lenet", linear=("10", "8")),
    "resnet20": NetworkSpec(architecture="resnet20"),
    "resnet20-gem": NetworkSpec(architecture="resnet20-gem"),
    "resnet20-pad": NetworkSpec(architecture="resnet20-pad"),
}


def view_of(module: nn.Module, density: float, seed: int, label: str) -> NetworkView:
    generator = torch.Generator().manual_seed(seed)
    layers = prunable_layers(module)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    for name, value in state.items():
        if name.endswith("bias"):
            value.zero_()
    for layer in layers:
        state[layer.name] = torch.randn(layer.shape, generator=generator) / layer.shape[0]
    mask = Mask({layer.name: torch.rand(layer.shape, generator=generator) < density for layer in layers})
    mask.apply_(state)
    return NetworkView(label, "", layers, mask, lambda: state, layer_graph(module, SHAPE), lambda: module)


@pytest.fixture(params=NETWORKS)
def module(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return build(NETWORKS[request.param], SHAPE, 10).eval()


def test_shuffled_units_leave_the_network_s_function_as_it_is(module: nn.Module) -> None:
    """Independent of distances: if a group were wrong, outputs would change."""
    view = view_of(module, 0.5, 0, "own")
    module.load_state_dict(view.state)
    module = module.double()
    images = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        before = module(images)
        network = Network.of_view(view)
        copy, orders = shuffled(network, 2)
        for name, units in copy.layers.items():
            module.get_parameter(name).copy_(torch.from_numpy(units.values.reshape(network.shapes[name])))
        after = module(images)
    assert len(orders) >= 2
    assert any((units.values != network.layers[name].values).any() for name, units in copy.layers.items())
    torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("entry", ["nnstd", "sasd"])
@pytest.mark.parametrize("density", [0.02, 0.2])
def test_a_shuffled_copy_is_at_distance_zero_in_every_layer(module: nn.Module, entry: str, density: float) -> None:
    network = Network.of_view(view_of(module, density, 3, "own"))
    distance = network_distance(network, shuffled(network, 4)[0], entry)
    assert [layer.layer for layer in distance.layers if layer.value > 1e-9] == []
    assert distance.unordered > 0.3


def test_one_residual_stream_has_one_permutation() -> None:
    module = build(NETWORKS["resnet20"], SHAPE, 10)
    groups = graph_wiring(layer_graph(module, SHAPE)).groups
    stream = next(group for group in groups if "conv.weight" in group.writers)
    assert {*stream.writers} == {"conv.weight", *(f"blocks.{n}.conv2.weight" for n in range(3))}
    assert {"blocks.3.shortcut.0.weight", "blocks.3.conv1.weight"} <= {*stream.readers}
    assert [group.size for group in groups if group.output] == [10]


def test_channels_of_zeros_split_a_stream_into_old_and_new_channels() -> None:
    module = build(NETWORKS["resnet20-pad"], SHAPE, 10)
    groups = graph_wiring(layer_graph(module, SHAPE)).groups
    writers = [group for group in groups if "blocks.3.conv2.weight" in group.writers]
    assert [group.size for group in writers] == [16, 16]
    old, new = sorted(writers, key=lambda group: "conv.weight" not in group.writers)
    assert old.writers["blocks.3.conv2.weight"].tolist() == [*range(8, 24)]
    assert new.writers["blocks.3.conv2.weight"].tolist() == [*range(8), *range(24, 32)]


def test_depthwise_convolutions_pass_places_on_and_other_grouped_ones_hold_them() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        nn.Conv2d(6, 8, 1),
        nn.Conv2d(8, 8, 3, padding=1, groups=2),
        nn.Flatten(),
        nn.Linear(8 * 64, 5),
    )
    groups = graph_wiring(layer_graph(module, SHAPE)).groups
    assert [{*group.writers} for group in groups] == [{"0.weight", "1.weight"}, {"5.weight"}]


def test_the_graph_and_the_chain_agree_where_both_apply() -> None:
    module = build(NETWORKS["conv"], SHAPE, 10)
    layers = prunable_layers(module)
    by_graph = graph_wiring(layer_graph(module, SHAPE))
    by_chain = chain_wiring({layer.name: layer.shape for layer in layers})
    for one, two in zip(by_graph.groups, by_chain.groups, strict=True):
        assert {n: r.tolist() for n, r in one.writers.items()} == {n: r.tolist() for n, r in two.writers.items()}
        assert {n: r.tolist() for n, r in one.readers.items()} == {n: r.tolist() for n, r in two.readers.items()}
        assert one.output == two.output


def test_flatten_orders() -> None:
    assert feature_numbers(3, 4, "channels-first")[1].tolist() == [4, 5, 6, 7]
    assert feature_numbers(3, 4, "channels-last")[1].tolist() == [1, 4, 7, 10]
    # channels-last rows 0..3 without the last are features 0, 4, 8 (position 0, channels 0 to 2) in our order
    assert feature_numbers(3, 4, "blocks-sasd2022")[0].tolist() == [0, 4, 8]


def test_channels_last_weights_become_ours_and_mean_the_same() -> None:
    shapes = {"conv": (4, 2, 3, 3), "dense": (5, 4 * 9), "out": (2, 5)}
    first, second = (sparse_weights(shapes, 0.3, seed) for seed in (0, 1))

    def both(weights: dict) -> tuple[Network, Network]:
        ours = {**weights, "dense": channels_first(weights["dense"], 4)}
        return Network.of_arrays("last", weights, flatten="channels-last"), Network.of_arrays("first", ours)

    (last_one, first_one), (last_two, first_two) = both(first), both(second)
    expected = [layer.value for layer in network_distance(last_one, last_two, "sasd").layers]
    found = [layer.value for layer in network_distance(first_one, first_two, "sasd").layers]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_residual_sweeps_bring_networks_closer_than_one_pass() -> None:
    module = build(NETWORKS["resnet20"], SHAPE, 10)
    one, two = (Network.of_view(view_of(module, 0.2, seed, str(seed))) for seed in (1, 2))
    there, back = network_distance(one, two, "sasd"), network_distance(two, one, "sasd")
    assert there.value == pytest.approx(back.value, abs=1e-12)
    assert there.value < there.unordered
    matched = network_distance(one, two, "sasd", Settings(alignment="weights", starts=0))
    assert matched.value < there.value

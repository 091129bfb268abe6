"""Compacted networks answer as the masked ones they come from, whatever is dead in them."""

import copy

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.networks import build, initialise, prunable_layers
from tombola.pruning import Mask
from tombola.pruning.compact import compact_network
from tombola.specs import NetworkSpec

SHAPE = (2, 16, 17)


class Residual(nn.Module):
    """A sum, a grouped convolution, activations called as functions, and a value that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.inner = nn.Conv2d(4, 6, 3)
        self.inside = nn.Conv2d(6, 4, 1)
        self.split = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.narrow = nn.Conv2d(4, 5, 1, bias=False)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(5, 3)

    def forward(self, images: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(images)))
        x = torch.nn.functional.max_pool2d(x, 3, stride=1) + self.inside(torch.relu(self.inner(x)))
        x = torch.tanh(self.narrow(self.split(x)))
        return self.head(self.drop(x.mean((2, 3))))


def plan(conv: tuple[str, ...], linear: tuple[int, ...], activation: str, seed: int) -> nn.Module:
    spec = NetworkSpec(family="conv", conv=conv, linear=linear, activation=activation)
    return filled(build(spec, SHAPE, 3), seed, spec)


def filled(module: nn.Module, seed: int, spec: NetworkSpec | None = None) -> nn.Module:
    """Give a network weights, biases and statistics of which none is zero or one."""
    generator = torch.Generator().manual_seed(seed)
    if spec is not None:
        initialise(module, spec, generator)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            noise = torch.rand(tensor.shape, generator=generator)
            tensor.copy_(noise + 0.5 if name.endswith("running_var") else tensor * 0 + noise - 0.5)
    return module


def random_mask(module: nn.Module, density: float, seed: int, dead: bool) -> Mask:
    """Return a mask whose layers also lack whole rows and columns, and perhaps one layer altogether."""
    generator = torch.Generator().manual_seed(seed)
    keep = {}
    for layer in prunable_layers(module):
        bits = torch.rand(layer.shape, generator=generator) < density
        bits[torch.rand(len(bits), generator=generator) < 0.3] = False
        bits[:, torch.rand(bits.shape[1], generator=generator) < 0.3] = False
        keep[layer.name] = bits
    if dead:
        number = int(torch.randint(len(keep), (), generator=generator))
        keep[list(keep)[number]].zero_()
    return Mask(keep)


def check(module: nn.Module, mask: Mask, shape: tuple[int, ...] = SHAPE) -> nn.Module:
    """Compare a compacted network with the masked one, number by number, and return it."""
    before = copy.deepcopy(module.state_dict())
    small = compact_network(module, shape, mask).module
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    masked = copy.deepcopy(module).eval()
    mask.apply_(masked)
    images = 3 * torch.randn(7, *shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, given = masked(images), small(images)
    torch.testing.assert_close(given, wanted, rtol=1e-5, atol=1e-5 * float(wanted.abs().max()))
    return small


@settings(max_examples=60, deadline=None)
@given(
    conv=st.lists(st.sampled_from(["2", "3", "4B", "M", "A"]), max_size=4),
    linear=st.lists(st.integers(1, 6), max_size=2),
    activation=st.sampled_from(["relu", "tanh"]),
    pruned=st.tuples(st.sampled_from([0.02, 0.1, 0.3, 1.0]), st.integers(0, 10_000), st.booleans()),
)
def test_random_plans_answer_as_before(
    conv: list[str], linear: list[int], activation: str, pruned: tuple[float, int, bool]
) -> None:
    module = plan(tuple(conv), tuple(linear), activation, pruned[1])
    check(module, random_mask(module, *pruned))


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.sampled_from([0.02, 0.2, 0.6]), st.integers(0, 10_000), st.booleans()))
def test_networks_with_sums_answer_as_before_and_keep_summed_channels(pruned: tuple[float, int, bool]) -> None:
    module = filled(Residual(), pruned[1])
    small = check(module, random_mask(module, *pruned))
    assert (small.get_submodule("inside").out_channels, small.get_submodule("stem").out_channels) == (4, 4)
    assert small.get_submodule("split").weight.shape == (4, 2, 3, 3)


def chain(*layers: nn.Module) -> nn.Module:
    return filled(nn.Sequential(*layers), 0).eval()


def ones(module: nn.Module) -> dict[str, Tensor]:
    return {layer.name: torch.ones(layer.shape, dtype=torch.bool) for layer in prunable_layers(module)}


def test_dead_units_go_and_their_constants_move_into_the_next_bias() -> None:
    module = chain(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 2, bias=False))
    keep = ones(module)
    keep["1.weight"][0] = False  # no inputs: constant
    keep["4.weight"][:, 2] = False  # no outputs
    compacted = compact_network(module, (1, 2, 2), Mask(keep))
    assert [(layer.name, layer.kept, layer.units) for layer in compacted.layers] == [("1", 1, 3), ("4", 2, 2)]
    norm = module[2]
    value = (module[1].bias[0] - norm.running_mean[0]) / (norm.running_var[0] + norm.eps).sqrt()
    value = torch.tanh(value * norm.weight[0] + norm.bias[0])
    torch.testing.assert_close(compacted.module[4].bias, value * module[4].weight[:, 0])
    assert isinstance(compacted.module, nn.Sequential)
    assert compacted.parameters == 4 + 1 + 2 + 2 + 2
    check(module, Mask(keep), (1, 2, 2))


def test_death_travels_both_ways() -> None:
    module = chain(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    keep = ones(module)
    keep["1.weight"][0] = False
    keep["3.weight"][1] = torch.tensor([True, False, False])  # fed by a constant only
    keep["3.weight"][:2, 2] = False  # feeds a unit without outputs only
    keep["5.weight"][:, 2] = False
    kept = [layer.kept for layer in compact_network(module, (1, 2, 2), Mask(keep)).layers]
    assert kept == [1, 1, 2]
    check(module, Mask(keep), (1, 2, 2))


@pytest.mark.parametrize(
    ("layer", "bias", "kept"),
    [
        (nn.Conv2d(3, 2, 3, padding=1), 0.5, 3),
        (nn.Conv2d(3, 2, 3, padding=1), 0.0, 2),
        (nn.Conv2d(3, 2, 3, padding=1), -0.5, 2),  # zero after ReLU
        (nn.Conv2d(3, 2, 3), 0.5, 2),
        (nn.AvgPool2d(3, 2, 1), 0.5, 3),
        (nn.AvgPool2d(3, 2, 1, count_include_pad=False), 0.5, 2),
        (nn.AvgPool2d(4, 3, ceil_mode=True), 0.5, 2),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), 0.5, 2),
        (nn.MaxPool2d(3, 2, 1, dilation=2), 0.5, 3),
    ],
)
def test_a_constant_channel_stays_where_padding_makes_it_uneven(layer: nn.Module, bias: float, kept: int) -> None:
    features = layer(torch.zeros(1, 3, *SHAPE[1:])).numel()
    module = chain(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), layer, nn.Flatten(), nn.Linear(features, 2))
    with torch.no_grad():
        module[0].bias[1] = bias
    keep = ones(module)
    keep["0.weight"][1] = False
    assert check(module, Mask(keep))[0].out_channels == kept


def test_a_dead_layer_keeps_one_unit_and_dead_outputs_stay() -> None:
    module = plan(("3", "M", "4"), (5,), "relu", 2)
    keep = ones(module)
    keep["output.weight"][1] = False
    keep["linear.0.weight"][:] = False
    compacted = compact_network(module, SHAPE, Mask(keep))
    assert [layer.kept for layer in compacted.layers] == [1, 1, 1, 3]
    check(module, Mask(keep))


def test_a_dense_network_keeps_its_bits_and_draws_nothing() -> None:
    module = plan(("3B", "M"), (5,), "tanh", 4)
    stream, small = torch.get_rng_state(), compact_network(module, SHAPE).module
    assert torch.equal(torch.get_rng_state(), stream)
    names = {name.replace(".", "_"): value for name, value in module.state_dict().items()}
    assert all(torch.equal(value, names[name.replace(".", "_")]) for name, value in small.state_dict().items())
    assert len(small.state_dict()) == len(names)
    assert not small.training


def test_results_can_be_copied_and_saved() -> None:
    module = filled(Residual(), 5)
    small = compact_network(module, SHAPE, random_mask(module, 0.5, 5, False)).module
    again, images = copy.deepcopy(small), torch.ones(2, *SHAPE)
    again.load_state_dict(small.state_dict())
    assert torch.equal(again(images), small(images))


def test_what_has_no_layer_graph_is_refused_in_one_sentence() -> None:
    with pytest.raises(TombolaError, match="no layer graph"):
        compact_network(nn.Sequential(nn.Flatten(), nn.GELU(), nn.Linear(544, 2)), SHAPE)

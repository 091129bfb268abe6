"""The feed-forward network of playground reference, section 1: layout, activations, counts, inputs."""

import pytest
import torch
from torch import nn

from tombola.networks import build, count_weights, initialise
from tombola.specs import NetworkSpec, resolve

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)

COUNTS = {
    "lenet-mnist": (MNIST, [235200, 30000, 1000], 0, 266_200, 410),
    "conv2-cifar10": (CIFAR, [1728, 36864, 4194304, 65536, 2560], 38_592, 4_262_400, 650),
    "conv4-cifar10": (CIFAR, [1728, 36864, 73728, 147456, 2097152, 65536, 2560], 259_776, 2_165_248, 906),
    "conv6-cifar10": (
        CIFAR,
        [1728, 36864, 73728, 147456, 294912, 589824, 1048576, 65536, 2560],
        1_144_512,
        1_116_672,
        1_418,
    ),
    "tiny-cifar10": (CIFAR, [216, 576, 576, 153600, 30000, 1000], 1_368, 184_600, 434),
}


@pytest.mark.parametrize("preset", COUNTS)
def test_exact_counts_of_the_presets(preset):
    """Section 1, table "Preset layouts and counts (exact)"."""
    shape, layers, conv, linear, biases = COUNTS[preset]
    module = build(resolve(preset).network, shape, 10, device="meta")
    counts = count_weights(module)
    assert list(counts.layers.values()) == layers
    assert (counts.conv, counts.linear, counts.total, counts.biases) == (conv, linear, conv + linear, biases)
    assert sum(parameter.numel() for parameter in module.parameters()) == conv + linear + biases


def test_batch_norm_parameters_are_no_weights_and_no_biases():
    counts = count_weights(build(NetworkSpec(conv=("4B", "M")), MNIST, 10, device="meta"))
    assert counts.layers == {"conv.0.weight": 36, "output.weight": 4 * 14 * 14 * 10}
    assert counts.biases == 14


def modules_of(**fields):
    module = build(NetworkSpec(**fields), MNIST, 10)
    return [type(part) for part in (*module.conv, *module.linear, module.output)]


def test_activation_follows_convolutions_and_hidden_layers_only():
    """Section 1.2: not after pooling, not after the output; batch norm lies between convolution and activation."""
    found = modules_of(family="conv", conv=("4B", "M", "4", "A"), linear=(9,))
    assert found == [
        *(nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.Conv2d, nn.ReLU, nn.AvgPool2d),
        *(nn.Linear, nn.ReLU, nn.Linear),
    ]


@pytest.mark.parametrize(
    ("family", "activation", "expected"),
    [
        ("lenet", None, nn.Tanh),
        ("conv", None, nn.ReLU),
        ("lenet", "relu", nn.ReLU),
        ("conv", "tanh", nn.Tanh),
    ],
)
def test_the_family_sets_the_default_activation(family, activation, expected):
    found = modules_of(family=family, activation=activation, conv=(4,), linear=(9,))
    assert found == [nn.Conv2d, expected, nn.Linear, expected, nn.Linear]


def test_convolutions_are_3x3_padded_with_bias():
    convolution = build(NetworkSpec(conv=(4,)), CIFAR, 10).conv[0]
    assert (convolution.kernel_size, convolution.stride, convolution.padding) == ((3, 3), (1, 1), (1, 1))
    assert convolution.bias is not None


def test_without_convolutions_any_layout_of_the_pixels_gives_the_same():
    spec = NetworkSpec(linear=(30,))
    module = build(spec, MNIST, 10)
    initialise(module, spec, torch.Generator().manual_seed(0))
    images = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    expected = module(images)
    assert expected.shape == (5, 10)
    assert torch.equal(module(images[:, 0]), expected)
    assert torch.equal(module(images.flatten(1)), expected)


def test_the_output_is_affine_in_a_network_of_one_layer():
    spec = NetworkSpec()
    module = build(spec, (1, 2, 2), 3)
    initialise(module, spec, torch.Generator().manual_seed(0))
    images = torch.rand(4, 4, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(module(images), images @ module.output.weight.T + module.output.bias)


def test_odd_maps_pass_through_real_pooling():
    """Defect B8: the first linear layer fits what pooling really leaves."""
    module = build(NetworkSpec(family="conv", conv=(4, "M", "M", "M"), linear=(6,)), MNIST, 10)
    assert module.linear[0].in_features == 4 * 3 * 3
    assert module(torch.zeros(2, *MNIST)).shape == (2, 10)


def test_grids_average_over_equal_windows_where_they_can():
    """Equal windows are a plain pooling, which all engines add up in one order."""
    module = build(NetworkSpec(family="conv", conv=(4, "P5", "G"), linear=()), (1, 10, 5), 3)
    assert [type(part) for part in module.conv] == [nn.Conv2d, nn.ReLU, nn.AvgPool2d, nn.AvgPool2d]
    maps = torch.rand(2, 4, 10, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module.conv[2:](maps), maps.mean((2, 3), keepdim=True))
    torch.testing.assert_close(module.conv[2](maps), nn.AdaptiveAvgPool2d(5)(maps))
    assert isinstance(build(NetworkSpec(conv=("P7",)), (1, 10, 14), 3).conv[0], nn.AdaptiveAvgPool2d)


@pytest.mark.parametrize(("bias", "expected"), [("all", 4 + 9 + 10), ("hidden", 4 + 9), ("none", 0)])
def test_biases_are_where_the_spec_wants_them(bias, expected):
    spec = NetworkSpec(conv=("4",), linear=(9,), bias=bias)
    module = build(spec, (1, 6, 6), 10)
    initialise(module, spec, torch.Generator().manual_seed(0))
    assert count_weights(module).biases == expected
    assert (module.output.bias is not None) == (bias == "all")


def test_dropout_follows_the_activation_of_hidden_linear_layers():
    found = modules_of(family="conv", conv=("4",), linear=(9, 8), dropout=0.25)
    assert found == [nn.Conv2d, nn.ReLU, *(nn.Linear, nn.ReLU, nn.Dropout) * 2, nn.Linear]
    assert build(NetworkSpec(linear=(9,), dropout=0.25), MNIST, 10).linear[2].p == 0.25


def test_networks_can_be_traced():
    module = build(NetworkSpec(family="conv", conv=("4B", "M"), linear=(6,)), MNIST, 10).eval()
    images = torch.rand(2, *MNIST, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.fx.symbolic_trace(module)(images), module(images))

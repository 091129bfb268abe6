"""Networks with fixed plans: exact counts, layers, initial values of the published ones."""

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build, count_weights, initialise, layer_graph, prunable_layers, unsupported
from tombola.networks.builders import networks
from tombola.specs import NetworkSpec

MNIST, CIFAR, IMAGENET = (1, 28, 28), (3, 32, 32), (3, 224, 224)
VGG16 = [1728, 36864, 73728, 147456, 294912, 589824, 589824, 1179648, *(2359296,) * 5]


def ghost(name, shape, classes=10):
    return build(NetworkSpec(architecture=name), shape, classes, device="meta")


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_fc_has_119400_prunable_weights_and_500_biases():
    """Sparse-analysis reference, section 2.1."""
    module = ghost("fc", MNIST)
    counts = count_weights(module)
    assert list(counts.layers.values()) == [78_400, *(10_000,) * 4, 1_000]
    assert (counts.total, counts.biases, parameters(module)) == (119_400, 500, 119_900)
    assert module.output.bias is None


def test_fc_gem_has_the_same_weights_and_no_biases():
    """Sparse-analysis reference, section 2.1."""
    module = ghost("fc-gem", MNIST)
    counts = count_weights(module)
    assert counts.layers == count_weights(ghost("fc", MNIST)).layers
    assert (counts.total, counts.biases, parameters(module)) == (119_400, 0, 119_400)


@pytest.mark.parametrize("name", ["fc", "fc-gem"])
def test_fc_is_rectified_whatever_the_family(name):
    parts = [type(part) for part in ghost(name, MNIST).linear]
    assert parts == [nn.Linear, nn.ReLU] * 5
    assert [node.op for node in layer_graph(ghost(name, MNIST), MNIST)].count("relu") == 5


def test_a_second_log_softmax_changes_nothing():
    """Section 2.1: the published network of Gem-Miner takes one before the cross-entropy."""
    logits = torch.randn(8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(8)
    loss = nn.functional.cross_entropy
    torch.testing.assert_close(loss(logits.log_softmax(1), labels), loss(logits, labels))


def test_initial_values_of_the_published_fc_networks():
    """Section 2.1: ±.0505 (fan 784) and ±.1414 (fan 100), here as the stored initial network has them in float32."""
    spec = NetworkSpec(architecture="fc-gem", weight_init="signed-kaiming")
    module = build(spec, MNIST, 10)
    initialise(module, spec, torch.Generator().manual_seed(0))
    magnitudes = [weight.abs().unique().tolist() for weight in module.parameters()]
    assert magnitudes == [[0.05050762742757797], *[[0.1414213627576828]] * 5]
    spec = NetworkSpec(architecture="fc", weight_init="uniform-fan-in")
    module = build(spec, MNIST, 10)
    initialise(module, spec, torch.Generator().manual_seed(0))
    for name, value in module.named_parameters():  # U(±1/sqrt(fan_in)), biases with the same bound
        bound = 1 / 28 if name.startswith("linear.0.") else 0.1
        assert 0.9 * bound < float(value.detach().abs().max()) <= bound


@pytest.mark.parametrize(
    ("name", "convolutions", "weights"),
    [("vgg11", 8, 9_217_728), ("vgg16", 13, 14_710_464), ("vgg19", 16, 20_018_880)],
)
def test_vgg_for_small_images(name, convolutions, weights):
    """14,710,464: the convolutions of explainability reference, section 1, are the same; 512 x 10 for the output."""
    module = ghost(name, CIFAR)
    counts = count_weights(module)
    kinds = [layer.kind for layer in prunable_layers(module)]
    assert kinds == ["conv"] * convolutions + ["output"]
    assert (counts.conv, counts.linear) == (weights, 5_120)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == convolutions
    assert counts.biases == sum(part.num_features for part in norms) + 10  # convolutions keep theirs
    assert [node.shape for node in layer_graph(module, CIFAR)][-3:] == [(512, 1, 1), (512,), (10,)]
    if name == "vgg16":
        assert list(counts.layers.values()) == [*VGG16, 5_120]
    assert unsupported(ghost(name, MNIST), MNIST) is None


def test_vgg16_as_made_for_imagenet():
    """Explainability reference, section 1: exact counts with ten classes."""
    module = ghost("vgg16-imagenet", IMAGENET)
    counts = count_weights(module)
    assert list(counts.layers.values()) == [*VGG16, 25_088 * 4_096, 4_096 * 4_096, 40_960]
    assert (counts.conv, counts.linear, counts.total) == (14_710_464, 119_578_624, 134_289_088)
    assert (counts.biases, parameters(module)) == (4_224 + 8_202, 134_301_514)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in module.modules())
    assert [type(part) for part in module.linear] == [nn.Linear, nn.ReLU, nn.Dropout] * 2
    assert {part.p for part in module.linear if isinstance(part, nn.Dropout)} == {0.5}
    shapes = [node.shape for node in layer_graph(module, IMAGENET)]
    assert (512, 7, 7) in shapes
    assert parameters(ghost("vgg16-imagenet", IMAGENET, 1000)) == 138_357_544  # the network of the paper
    assert ghost("vgg16-imagenet", CIFAR).linear[0].in_features == 25_088  # whatever the size of the images


@pytest.mark.parametrize(("name", "side"), [("vgg11", 16), ("vgg19", 16), ("vgg16-imagenet", 32)])
def test_images_that_are_too_small_are_named(name, side):
    assert ghost(name, (3, side, side + 1)).output.out_features == 10
    with pytest.raises(TombolaError, match=rf"'{name}' halves .* at least {side} pixels a side; these have {side}x8"):
        ghost(name, (3, side, 8))


@pytest.mark.parametrize("name", [name for name in networks if name not in ("plan", "factory")])
def test_plans_of_a_preset_do_not_count(name):
    """So that `--network.architecture resnet20` is enough, whatever preset it comes on top of."""
    fields = {"conv": ("64B", "M"), "linear": (300, 100), "bias": "none", "dropout": 0.3, "activation": "tanh"}
    module = build(NetworkSpec(architecture=name, **fields), CIFAR, 10, device="meta")
    own = ghost(name, CIFAR)
    assert repr(module) == repr(own)
    assert prunable_layers(module) == prunable_layers(own)

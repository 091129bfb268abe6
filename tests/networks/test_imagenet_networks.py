"""Residual networks and a transformer as made for ImageNet: sizes, names, layers (explainability reference, R1)."""

import pytest
import torch
from torch import nn

from tombola.errors import TombolaError
from tombola.networks import build, count_weights, initialise, layer_graph, prunable_layers, unsupported
from tombola.specs import NetworkSpec

IMAGENET = (3, 224, 224)


def ghost(name, shape=IMAGENET, classes=1000):
    return build(NetworkSpec(architecture=name), shape, classes, device="meta")


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "count", "convolutions"),
    [("resnet18-imagenet", 11_689_512, 20), ("resnet50-imagenet", 25_557_032, 53), ("vit-tiny", 5_717_416, 1)],
)
def test_parameters_and_convolutions(name, count, convolutions):
    module = ghost(name)
    assert parameters(module) == count
    kinds = [layer.kind for layer in prunable_layers(module)]
    assert kinds.count("conv") == convolutions
    assert kinds[-1] == "output"


@pytest.mark.parametrize(("name", "blocks"), [("resnet18-imagenet", (2, 2, 2, 2)), ("resnet50-imagenet", (3, 4, 6, 3))])
def test_names_are_the_customary_ones(name, blocks):
    names = list(ghost(name).state_dict())
    assert names[:2] == ["conv1.weight", "bn1.weight"]
    assert names[-2:] == ["fc.weight", "fc.bias"]
    for stage, count in enumerate(blocks, start=1):
        inside = {entry.split(".")[1] for entry in names if entry.startswith(f"layer{stage}.")}
        assert inside == {str(number) for number in range(count)}
        first = {".".join(entry.split(".")[2:]) for entry in names if entry.startswith(f"layer{stage}.0.")}
        shortcut = "downsample.0.weight" in first and "downsample.1.running_mean" in first
        assert shortcut == (stage > 1 or name == "resnet50-imagenet")
        assert {"conv1.weight", "bn1.weight", "conv2.weight", "bn2.bias"} <= first


@pytest.mark.parametrize("name", ["resnet18-imagenet", "resnet50-imagenet"])
def test_maps_of_every_stage(name):
    shapes = [node.shape for node in layer_graph(ghost(name), IMAGENET)]
    wide = 4 if name == "resnet50-imagenet" else 1
    assert (64, 112, 112) in shapes
    for width, side in ((64, 56), (128, 28), (256, 14), (512, 7)):
        assert (width * wide, side, side) in shapes
    assert shapes[-1] == (1000,)


def test_the_stride_of_a_bottleneck_is_that_of_its_3x3_convolution():
    strides = {
        name: part.stride for name, part in ghost("resnet50-imagenet").named_modules() if isinstance(part, nn.Conv2d)
    }
    assert strides["layer2.0.conv2"] == (2, 2)
    assert strides["layer2.0.conv1"] == (1, 1)
    assert strides["layer1.0.conv2"] == (1, 1)


def test_the_transformer_cuts_patches_of_16_at_224_and_of_2_at_32():
    for side, patch, tokens in ((224, 16, 197), (32, 2, 257), (12, 1, 145)):
        module = ghost("vit-tiny", (3, side, side))
        assert module.patch_embed.proj.kernel_size == (patch, patch)
        assert tuple(module.tokens.pos_embed.shape) == (1, tokens, 192)
    assert unsupported(ghost("vit-tiny"), IMAGENET) is not None
    assert not [layer.name for layer in prunable_layers(ghost("vit-tiny")) if "token" in layer.name]


def test_the_transformer_depends_on_where_a_patch_is():
    spec = NetworkSpec(architecture="vit-tiny")
    module = build(spec, (1, 14, 14), 4)
    initialise(module, spec, torch.Generator().manual_seed(0))
    images = torch.rand(1, 1, 14, 14, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert not torch.allclose(module(images), module(images.flip(3)), atol=1e-6)


def test_vgg_small_has_two_poolings_and_modules_by_name():
    module = ghost("vgg-small", (3, 32, 32), 6)
    assert [type(part).__name__ for part in module.conv].count("MaxPool2d") == 2
    assert count_weights(module).conv == 432 + 2304 + 4608 + 9216 + 18432 + 36864
    assert [node.shape for node in layer_graph(module, (3, 32, 32)) if node.op == "conv"][-1] == (64, 8, 8)
    with pytest.raises(TombolaError, match="'vgg-small' halves its maps 2 times"):
        ghost("vgg-small", (3, 3, 3))

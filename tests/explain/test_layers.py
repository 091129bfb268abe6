"""Which layer is meant (explainability reference, section 5.2)."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tombola.errors import TombolaError
from tombola.explain import attribute, resolve_layer
from tombola.explain.capture import captured, undisturbed
from tombola.explain.layers import trace
from tombola.networks import build
from tombola.specs import NetworkSpec


def found(module: nn.Module, shape: tuple[int, ...], layer: str) -> str:
    with undisturbed(module, torch.device("cpu")):
        return resolve_layer(module, torch.zeros(1, *shape), layer)


@pytest.mark.parametrize(("layer", "size"), [("last_conv", 14), ("last_relu", 14), ("last_pool", 7)])
def test_sizes_of_vgg16_at_224(layer: str, size: int) -> None:
    """Section 5.2: 14 x 14, 14 x 14 and 7 x 7 cells; the grid behind it changes nothing, so it is no pooling."""
    module = build(NetworkSpec(architecture="vgg16-imagenet"), (3, 224, 224), 10, "meta").eval()
    image = torch.zeros(1, 3, 224, 224, device="meta")
    name = resolve_layer(module, image, layer)
    step = next(step for step in trace(module, image) if step.name == name)
    assert step.given == (1, 512, size, size)
    kinds = {"last_conv": nn.Conv2d, "last_relu": nn.ReLU, "last_pool": nn.MaxPool2d}
    assert type(step.part) is kinds[layer]


@pytest.mark.parametrize(
    ("kind", "layer", "name"),
    [
        ("plan", "last_conv", "conv.3"),
        ("plan", "last_relu", "conv.4"),
        ("plan", "last_pool", "conv.5"),
        ("plan", "conv", "conv"),
        ("in-place", "last_conv", "second"),
        ("in-place", "last_relu", "relu@2"),
        ("in-place", "relu", "relu@2"),
        ("in-place", "relu@1", "relu@1"),
        ("in-place", "last_pool", "pool"),
        ("resnet20", "last_conv", "blocks.8.conv2"),
        ("resnet20", "blocks.8", "blocks.8"),
    ],
)
def test_names(zoo: dict[str, Any], kind: str, layer: str, name: str) -> None:
    assert found(*zoo["make"](kind), layer) == name


def test_calls_of_one_module_are_told_apart(zoo: dict[str, Any]) -> None:
    module, shape = zoo["make"]("in-place")
    images = zoo["some_images"](shape)
    assert attribute(module, images, layer="relu@1").maps.shape == (3, 16, 16)
    assert attribute(module, images, layer="relu@2").maps.shape == (3, 8, 8)


class Backwards(nn.Module):
    """Declares its layers in another order than it runs them, and ends in convolutions of a single cell."""

    def __init__(self) -> None:
        super().__init__()
        self.late = nn.Conv2d(4, 4, 3, padding=1)
        self.early = nn.Conv2d(3, 4, 3, padding=1)
        self.never = nn.Conv2d(3, 4, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.gate = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(4, 2)
        self.same = self.late

    def forward(self, images: Tensor) -> Tensor:
        maps = self.late(self.early(images))
        return self.head((maps * self.gate(self.pool(maps)).sigmoid()).mean((2, 3)))


def test_order_is_that_of_running() -> None:
    """And a gate on pooled maps is not the last convolution that explains a place."""
    assert found(Backwards(), (3, 8, 8), "last_conv") == "late"


def test_a_second_name_is_a_name() -> None:
    assert found(Backwards(), (3, 8, 8), "same") == "late"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("lat", "did you mean 'late'"),
        ("never", "not called"),
        ("late@2", "not called"),
        ("head", r"gives \[1, 2\], not maps"),
        ("last_pool", "makes its maps smaller"),
        ("last_relu", "behind its last convolution, 'late' .functions are not seen.; name a module"),
        ("", "no layer ''"),
    ],
)
def test_mistakes_are_one_sentence(layer: str, message: str) -> None:
    with pytest.raises(TombolaError, match=message):
        attribute(Backwards(), torch.zeros(1, 3, 8, 8), layer=layer)


def test_networks_without_convolutions_are_explained_by_their_pixels() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    images = torch.ones(1, 3, 2, 2)
    with pytest.raises(TombolaError, match="no convolution; choose a method that explains pixels"):
        attribute(module, images)
    assert attribute(module, images, "smoothgrad").maps.shape == (1, 2, 2)


def test_captured_maps_are_what_the_layer_gave(zoo: dict[str, Any]) -> None:
    module, shape = zoo["make"]("in-place")
    image = zoo["some_images"](shape, 1)
    with torch.no_grad(), captured(module, "first") as layer:
        output = module(image.clone())
        expected = module.first(image.clamp(-3, 3))
    assert torch.equal(layer.maps("first"), expected)  # not rectified by what follows in place
    assert (expected < 0).any()
    torch.testing.assert_close(output, module(image.clone()))
    assert layer.value is not None
    assert layer.value.requires_grad
    assert not module.first._forward_hooks


def test_looking_for_maps_before_any_pass_is_an_error(zoo: dict[str, Any]) -> None:
    with (
        captured(zoo["make"]("plan")[0], "conv.0") as layer,
        pytest.raises(TombolaError, match=r"'conv\.0' is not called"),
    ):
        layer.maps("conv.0")

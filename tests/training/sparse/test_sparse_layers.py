"""What the sparse engine trains, and the reasons it gives for what it does not."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tombola.training.sparse.layers import RELU, TANH, Unsupported, read_layers

SHAPE = (4, 8, 8)


class Around(nn.Module):
    """A sum of a map and what a layer makes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(256, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.head((images + self.body(images)).flatten(1))
        return outputs


class Functions(nn.Module):
    """A chain written with functions."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Conv2d(4, 3, 3), nn.Linear(27, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = torch.nn.functional.max_pool2d(torch.relu(self.body(images)), 2)
        outputs: torch.Tensor = self.head(torch.tanh(maps).view(maps.size(0), -1))
        return outputs


class Unused(nn.Module):
    """Computes something after its output."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.rest = nn.Linear(256, 5), nn.Linear(5, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.head(images.flatten(1))
        self.rest(outputs)
        return outputs


class Dead(nn.Module):
    """Computes something that its output does not need, on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.rest, self.head = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1), nn.Linear(256, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.body(images)
        self.rest(maps)
        outputs: torch.Tensor = self.head(maps.flatten(1))
        return outputs


def _frozen() -> nn.Module:
    module = nn.Sequential(nn.Flatten(), nn.Linear(256, 5))
    module[1].bias.requires_grad_(False)
    return module


def _twice() -> nn.Module:
    layer = nn.Conv2d(4, 4, 1)
    return nn.Sequential(layer, nn.ReLU(), layer, *_head())


def _head() -> list[nn.Module]:
    return [nn.Flatten(), nn.LazyLinear(5)]


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "a dead end": (Dead, "nobody needs what layer 'rest' computes"),
    "a function": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(256, 5), nn.GELU()), "layer '2' (GELU)"),
    "dropout": (lambda: nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 5)), "layer '1' (dropout)"),
    "groups": (lambda: nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), *_head()), "with groups or dilation"),
    "dilation": (lambda: nn.Sequential(nn.Conv2d(4, 4, 3, dilation=2), *_head()), "with groups or dilation"),
    "overlap": (lambda: nn.Sequential(nn.MaxPool2d(3, 2), *_head()), "layer '0' pools over windows that overlap"),
    "padded pool": (lambda: nn.Sequential(nn.MaxPool2d(2, padding=1), *_head()), "or are padded"),
    "long windows": (lambda: nn.Sequential(nn.AvgPool2d((2, 4)), *_head()), "are not square"),
    "ceiling": (lambda: nn.Sequential(nn.MaxPool2d(3, ceil_mode=True), *_head()), "layer '0' pools"),
    "pool dilation": (lambda: nn.Sequential(nn.MaxPool2d(2, 3, dilation=2), *_head()), "layer '0' pools"),
    "fixed norm": (lambda: nn.Sequential(nn.BatchNorm2d(4, affine=False), *_head()), "without scale"),
    "no momentum": (lambda: nn.Sequential(nn.BatchNorm2d(4, momentum=None), *_head()), "no fixed momentum"),
    "batch only": (
        lambda: nn.Sequential(nn.BatchNorm2d(4, track_running_stats=False), *_head()),
        "tracks no running statistics",
    ),
    "unused layer": (Unused, "its output is not that of its last layer"),
    "frozen": (_frozen, "the bias of layer '1' is not trained"),
    "double": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(256, 5)).double(), "not in float32"),
    "rows of maps": (lambda: nn.Sequential(nn.Linear(8, 8), *_head()), "layer '0' takes maps of shape [4, 8, 8]"),
    "nothing": (nn.Flatten, "no linear or convolutional layer"),
    "shared": (_twice, "is used twice"),
    "wrong size": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(99, 5)), "layer '1' cannot take"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_kernel_is_refused_with_a_reason(name: str) -> None:
    make, reason = REFUSED[name]
    with torch.random.fork_rng([]):
        module = make()
        if any(isinstance(part, nn.LazyLinear) for part in module.modules()):
            module(torch.zeros(2, *SHAPE))
    with pytest.raises(Unsupported, match=re.escape(reason)):
        read_layers(module, SHAPE)


def test_a_chain_is_read_off_modules_and_functions_alike() -> None:
    with torch.random.fork_rng([]):
        layers = read_layers(Functions(), SHAPE)
    assert [layer.kind for layer in layers] == ["conv", "activation", "pool", "activation", "flatten", "linear"]
    assert [layer.activation for layer in layers if layer.kind == "activation"] == [RELU, TANH]
    assert [layer.name for layer in layers if layer.module is not None] == ["body", "head"]


def test_sums_keep_what_they_add() -> None:
    with torch.device("meta"):
        layers = read_layers(Around(), SHAPE)
    assert [layer.kind for layer in layers] == ["conv", "add", "flatten", "linear"]
    assert layers[1].node.inputs == (0, 1)


def test_networks_without_memory_are_read_too() -> None:
    with torch.device("meta"):
        layers = read_layers(Functions(), SHAPE)
    assert layers[-1].node.shape == (5,)

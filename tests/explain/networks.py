"""Small networks of every kind that explanations must work on."""

from functools import cache

import torch
from torch import Tensor, nn

from tombola.networks import build
from tombola.specs import NetworkSpec

SHAPE = (3, 16, 16)


class InPlace(nn.Module):
    """What a user's factory may return: activations in place, one first and one called twice; a global average."""

    def __init__(self) -> None:
        super().__init__()
        self.clip = nn.Hardtanh(-3, 3, inplace=True)
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.second = nn.Conv2d(6, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.pool(self.relu(self.first(self.clip(images))))
        return self.head(self.relu(self.second(maps)).mean((2, 3)))


@cache
def large() -> nn.Module:
    """Return VGG-16, which takes a while to make; tests leave it as it is."""
    return build(NetworkSpec(architecture="vgg16-imagenet"), (3, 32, 32), 5)


def make(kind: str) -> tuple[nn.Module, tuple[int, int, int]]:
    """Return a network with fixed random weights, and the shape of its images."""
    if kind == "vgg16-imagenet":
        return large(), (3, 32, 32)
    shape = SHAPE
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        if kind == "in-place":
            return InPlace(), shape
        if kind == "plan":
            spec = NetworkSpec(conv=("6", "M", "8", "M"), linear=("12",), activation="relu")
        else:
            spec = NetworkSpec(architecture=kind)
        module = build(spec, shape, 5)
        for parameter in module.parameters():
            if parameter.dim() > 1:
                nn.init.kaiming_normal_(parameter)
    return module, shape


def some_images(shape: tuple[int, int, int], count: int = 3) -> Tensor:
    """Return images that differ from each other, in other places too."""
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1)) * torch.arange(1, count + 1).view(
        -1, 1, 1, 1
    )

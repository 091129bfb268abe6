"""Networks that the sparse engine is tested on, for images of shape (2, 10, 9) and ten classes."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import AvgPool2d, BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Tanh


class Sum(nn.Module):
    """What two networks make of the same map, added up; by default a network and the map itself."""

    def __init__(self, one: nn.Module, other: nn.Module | None = None) -> None:
        super().__init__()
        self.one, self.other = one, other or nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        total: Tensor = self.one(maps) + self.other(maps)
        return total


class Block(nn.Module):
    """A residual block as papers draw it: conv, norm, ReLU, conv, norm, the sum, ReLU; written with functions."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1, self.norm2 = BatchNorm2d(outputs), BatchNorm2d(outputs)
        self.second = Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        projection = (Conv2d(inputs, outputs, 1, stride, bias=False), BatchNorm2d(outputs))
        self.shortcut = Sequential(*projection) if stride > 1 or inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.second(torch.relu(self.norm1(self.first(x)))))
        y += self.shortcut(x)
        return torch.relu(y)


class ResNet(nn.Module):
    """A small one: identity and projection shortcuts, pooled to one pixel."""

    def __init__(self, inputs: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.stem = Sequential(Conv2d(inputs, 4, 3, padding=1, bias=False), BatchNorm2d(4), ReLU())
        self.blocks = Sequential(Block(4, 4), Block(4, 6, stride=2), Block(6, 6))
        self.head = Linear(6, classes)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.head(self.blocks(self.stem(images)).mean((2, 3)))
        return scores


def _linear() -> nn.Module:
    return Sequential(Flatten(), Linear(180, 40), Tanh(), Linear(40, 24), ReLU(), Linear(24, 10))


def _conv() -> nn.Module:
    first = (Conv2d(2, 6, 3, padding=1), ReLU(), Conv2d(6, 5, 3, padding=1), ReLU(), MaxPool2d(2))
    second = (Conv2d(5, 7, 3, padding=1), Tanh(), AvgPool2d(2))
    return Sequential(*first, *second, Flatten(), Linear(28, 16), ReLU(), Linear(16, 10))


def _norm() -> nn.Module:
    first = (Conv2d(2, 6, 3, padding=1), BatchNorm2d(6), ReLU())
    second = (Conv2d(6, 4, 3, padding=1), BatchNorm2d(4), Tanh(), MaxPool2d(2), Flatten())
    return Sequential(*first, *second, Linear(80, 16), BatchNorm1d(16), ReLU(), Linear(16, 10))


def _strided() -> nn.Module:
    first = (Conv2d(2, 6, 5, stride=2, padding=2), ReLU())
    second = (Conv2d(6, 5, (3, 2), stride=(1, 2), padding=(0, 1)), ReLU(), Conv2d(5, 4, 1), Tanh())
    return Sequential(*first, *second, Flatten(), Linear(36, 10))


def _pool_first() -> nn.Module:
    first = (MaxPool2d(2), Tanh(), Conv2d(2, 3, 3, padding=2), MaxPool2d(2), ReLU())
    return Sequential(*first, Flatten(), ReLU(), Linear(27, 10, bias=False))


def _sums() -> nn.Module:
    """Sums of all kinds: of pools and strided convolutions, of a map with itself, of activations, of rows, in sums."""
    pooled = Sum(MaxPool2d(2), Conv2d(4, 4, 2, stride=2))
    nested = Sum(Sum(Sequential(Conv2d(4, 4, 3, padding=1), Tanh()), Conv2d(4, 4, (1, 3), padding=(0, 1))))
    maps = (Conv2d(2, 4, 3, padding=1), Tanh(), pooled, ReLU(), nested, Sum(nn.Identity()), Sum(ReLU(), Tanh()))
    flat = Sum(Sequential(Conv2d(4, 2, 3), Flatten(), Linear(12, 80)), Sequential(ReLU(), Flatten()))
    rows = (
        Sum(Sequential(Linear(80, 80, bias=False), Tanh())),
        Sum(Flatten()),
        Sum(Sequential(ReLU(), Linear(80, 80))),
    )
    return Sequential(*maps, Sum(Conv2d(4, 4, 1)), flat, *rows, Tanh(), Linear(80, 10))


def _before() -> nn.Module:
    """Blocks that normalise and activate before they convolve (He et al. 2016b); one projects what is active."""
    maps = (BatchNorm2d(4), ReLU(), Sum(Sequential(Conv2d(4, 4, 3, 2, 1), BatchNorm2d(4)), Conv2d(4, 4, 1, 2)))
    again = Sum(Sequential(BatchNorm2d(4), Tanh(), Conv2d(4, 4, 3, padding=1)))
    rows = (Linear(100, 12), BatchNorm1d(12), Sum(Sequential(ReLU(), Linear(12, 12))), Linear(12, 10))
    return Sequential(Conv2d(2, 4, 3, padding=1), *maps, again, MaxPool2d((1, 1)), Sum(nn.Identity()), Flatten(), *rows)


BODIES: dict[str, Callable[[], nn.Module]] = {
    "linear": _linear,
    "conv": _conv,
    "norm": _norm,
    "strided": _strided,
    "pool first": _pool_first,
    "residual": ResNet,
    "sums": _sums,
    "before": _before,
}

"""The plan language: tokens to layer descriptions, with real pooling arithmetic and errors before any compute."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tombola.errors import TombolaError
from tombola.specs import NetworkSpec

InputShape = tuple[int, int, int]
"""Channels, height and width of one image."""

CONVOLUTION = re.compile(r"([1-9][0-9]*)(B?)")
UNITS = re.compile(r"[1-9][0-9]*")
GRID = re.compile(r"G|P([1-9][0-9]*)")
POOLING: dict[str, Literal["max", "average"]] = {"M": "max", "A": "average"}


@dataclass(frozen=True)
class Convolution:
    """A 3x3 convolution with stride 1 and padding 1, batch normalisation if asked for, activation."""

    inputs: int
    outputs: int
    batch_norm: bool
    bias: bool = True


@dataclass(frozen=True)
class Pooling:
    """2x2 pooling with stride 2; an odd last row or column is dropped."""

    kind: Literal["max", "average"]


@dataclass(frozen=True)
class Grid:
    """Averages over the cells of a grid of so many rows and columns, laid over maps of a height and a width.

    Where a side does not divide evenly, cells share pixels (adaptive average pooling).
    """

    cells: int
    height: int
    width: int


@dataclass(frozen=True)
class Linear:
    """A linear layer."""

    inputs: int
    outputs: int
    bias: bool = True


@dataclass(frozen=True)
class NetworkPlan:
    """A network before it is built.

    Attributes
    ----------
    conv
        Convolutions and poolings in order; may be empty.
    map_shape
        Channels, height and width of the map that is flattened.
    linear
        Hidden linear layers in order; may be empty.
    output
        The output layer: as many units as classes, no activation.
    dropout
        Share of the units of every hidden linear layer that are dropped in training.
    """

    conv: tuple[Convolution | Pooling | Grid, ...]
    map_shape: InputShape
    linear: tuple[Linear, ...]
    output: Linear
    dropout: float = 0.0


def plan_network(spec: NetworkSpec, input_shape: InputShape, classes: int) -> NetworkPlan:
    """Lay out the network that a spec's plans describe (playground reference, section 1).

    Parameters
    ----------
    spec
        Its ``conv`` and ``linear`` plans, ``bias`` and ``dropout`` are read.
    input_shape
        Channels, height and width.
    classes
        Units of the output layer.

    Raises
    ------
    TombolaError
        For a wrong token, or a pooling that would leave nothing, naming token and position (counted from 1).

    Examples
    --------
    >>> plan_network(NetworkSpec(conv=(8, "M", "M", "M")), (1, 28, 28), 10).map_shape
    (8, 3, 3)
    """
    if min(*input_shape, classes) < 1:
        raise TombolaError(
            f"a network needs at least one channel, pixel and class; got {input_shape} and {classes} classes"
        )
    hidden = spec.bias != "none"
    conv, map_shape = _plan_conv(spec.conv, input_shape, hidden)
    channels, height, width = map_shape
    linear = _plan_linear(spec.linear, channels * height * width, hidden)
    last = linear[-1].outputs if linear else channels * height * width
    return NetworkPlan(conv, map_shape, linear, Linear(last, classes, spec.bias == "all"), spec.dropout)


def _plan_conv(
    tokens: Sequence[str], input_shape: InputShape, bias: bool
) -> tuple[tuple[Convolution | Pooling | Grid, ...], InputShape]:
    channels, height, width = input_shape
    layers: list[Convolution | Pooling | Grid] = []
    for position, token in enumerate(tokens, start=1):
        if token in POOLING:
            if min(height, width) < 2:
                raise TombolaError(
                    f"network.conv: token '{token}' at position {position} pools a {height}x{width} map "
                    "below 1x1; take it out or use larger images"
                )
            height, width = height // 2, width // 2
            layers.append(Pooling(POOLING[token]))
        elif match := GRID.fullmatch(str(token)):
            cells = int(match[1] or 1)
            layers.append(Grid(cells, height, width))
            height = width = cells
        elif (match := CONVOLUTION.fullmatch(str(token))) and not isinstance(token, bool):
            layers.append(Convolution(channels, int(match[1]), bool(match[2]), bias))
            channels = int(match[1])
        else:
            raise TombolaError(
                f"network.conv: token '{token}' at position {position} is not valid; use a number of channels (64), "
                "the same with batch normalisation (64B), M or A for 2x2 pooling, P7 for averages over a 7x7 grid, "
                "or G for the average of the whole map"
            )
    return tuple(layers), (channels, height, width)


def _plan_linear(tokens: Sequence[str], inputs: int, bias: bool) -> tuple[Linear, ...]:
    layers: list[Linear] = []
    for position, token in enumerate(tokens, start=1):
        if not UNITS.fullmatch(str(token)):
            raise TombolaError(
                f"network.linear: token '{token}' at position {position} is not valid; "
                "use a positive number of units (300)"
            )
        layers.append(Linear(inputs, int(token), bias))
        inputs = int(token)
    return tuple(layers)

"""Where what a layer reads comes from: the one walk over a network's layers that analyses share.

Who reads whom (signs, contributions) and which units may change places (distances) are two questions about the same
fact: which unit of which layer each channel, or feature, of a map holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int

from tombola.errors import TombolaError
from tombola.networks import LayerGraph, Node

FlattenOrder = Literal["channels-first", "channels-last"]
"""How maps become rows: all places of channel 0 first (PyTorch), or all channels of place 0 first (TensorFlow)."""

IMAGE = ""
"""What stands for a layer's name where channels are those of the image."""
NONE = -1

Units = Int[np.ndarray, " channel"]


@dataclass(frozen=True, eq=False)
class Origin:
    """One layer as the channels, or features, of a map hold it.

    Attributes
    ----------
    layer
        Name of its weight; `IMAGE` for the image.
    units
        For each channel the unit it holds, alone or summed with those of other layers; -1 where it holds none.
    """

    layer: str
    units: Units

    @property
    def known(self) -> Int[np.ndarray, " place"]:
        """The channels that hold a unit."""
        return np.flatnonzero(self.units != NONE)


Origins = tuple[Origin, ...]
"""What is added up in a map. Channels that none of them knows are zeros."""


def origins(graph: LayerGraph, flatten: FlattenOrder = "channels-first") -> tuple[Origins, ...]:
    """Return what the output of every node of a network holds.

    Convolutions and linear layers make units of their own. Everything else keeps channels apart: normalisation,
    activation, pooling, dropout; sums put several layers into one channel; padding adds channels of zeros; flattening
    repeats a unit for every place of its map. A linear layer on maps works along rows and leaves channels alone.

    Parameters
    ----------
    graph
        The layer graph.
    flatten
        For weights from a file that kept the other order of features.
    """
    found: list[Origins] = []
    for node in graph:
        before = [found[source] for source in node.inputs]
        shapes = [graph[source].shape for source in node.inputs]
        found.append(_after(node, before, shapes, graph.input_shape, flatten))
    return tuple(found)


def on_maps(graph: LayerGraph, node: Node) -> bool:
    """Return whether a linear layer takes maps rather than rows of features."""
    return node.op == "linear" and len(graph[node.inputs[0]].shape) > 1


def sees_image(graph: LayerGraph, layer: str) -> bool:
    """Return whether a layer of that name reads the image, rather than units of other layers or rows of maps."""
    held = origins(graph)
    return any(
        node.weight == layer and not on_maps(graph, node) and all(one.layer == IMAGE for one in held[node.inputs[0]])
        for node in graph.weighted()
    )


def chain_units(
    name: str, shape: Sequence[int], after: str, reader: Sequence[int], flatten: FlattenOrder = "channels-first"
) -> Units:
    """Return which unit of a layer each input of the layer behind it is, where only their shapes are known.

    Parameters
    ----------
    name, shape
        The layer, and its weight's shape: (out, in) or (out, in, height, width).
    after, reader
        The layer behind it.
    flatten
        Between a convolution and a linear layer.

    Raises
    ------
    TombolaError
        If the layers do not fit each other.
    """
    units, inputs = shape[0], reader[1]
    flattened = len(shape) == 4 and len(reader) == 2
    if inputs != units and not (flattened and inputs % units == 0):
        raise TombolaError(
            f"'{after}' takes {inputs} inputs and '{name}' before it has {units} units; they do not make a chain, and "
            "such a network is analysed with its layer graph only"
        )
    return flat(np.arange(units), inputs // units, flatten)


def flat(units: Units, places: int, flatten: FlattenOrder) -> Units:
    """Return the units that features are of, once maps of so many places are flattened."""
    return np.repeat(units, places) if flatten == "channels-first" else np.tile(units, places)


def _after(
    node: Node,
    before: Sequence[Origins],
    shapes: Sequence[tuple[int, ...]],
    image: tuple[int, ...],
    flatten: FlattenOrder,
) -> Origins:
    match node.op:
        case "input":
            return (Origin(IMAGE, np.arange(image[0])),)
        case "conv":
            return (Origin(str(node.weight), np.arange(node.shape[0])),)
        case "linear" if len(shapes[0]) == 1:
            return (Origin(str(node.weight), np.arange(node.shape[0])),)
        case "add":
            return _summed(before[0], before[1])
        case "flatten":
            places = int(np.prod(shapes[0][1:], dtype=int))
            return tuple(Origin(one.layer, flat(one.units, places, flatten)) for one in before[0])
        case "pad":
            around = (node["before"], node["after"])
            return tuple(Origin(one.layer, np.pad(one.units, around, constant_values=NONE)) for one in before[0])
        case _:
            return before[0]


def _summed(first: Origins, second: Origins) -> Origins:
    """Return what a sum holds. A layer that reaches it twice, in different channels, is one origin if it can be."""
    merged = list(first)
    for new in second:
        for number, old in enumerate(merged):
            apart = (old.units != NONE) & (new.units != NONE) & (old.units != new.units)
            if old.layer == new.layer and not apart.any():
                merged[number] = Origin(old.layer, np.maximum(old.units, new.units))
                break
        else:
            merged.append(new)
    return tuple(merged)

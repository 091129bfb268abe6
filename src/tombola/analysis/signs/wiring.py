"""Who reads what: for every layer, the layers whose weights take its units' outputs, and which input is which unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.networks import LayerGraph
from tombola.networks.graph_nodes import Node

FlattenOrder = Literal["channels-first", "channels-last"]
Units = NDArray[np.int64]
Origins = dict[str, Units]
"""Layer -> which of its units each channel, or feature, comes from; -1: from none."""


@dataclass(frozen=True)
class Reader:
    """A layer that takes another layer's output.

    Attributes
    ----------
    layer
        Name of the weight that reads.
    units
        For each of its input channels or features the unit it comes from, -1 where it comes from elsewhere.
    groups
        Groups of the convolution that reads; 1 for others.
    """

    layer: str
    units: Int[np.ndarray, " inputs"]
    groups: int = 1


def readers(view: NetworkView, flatten: FlattenOrder = "channels-first") -> dict[str, tuple[Reader, ...]]:
    """Return who reads each convolution and linear layer of a network; an output layer has no readers.

    Between a layer and its readers lie only operations that keep units apart: normalisation, activation, pooling,
    dropout, flattening. Where branches are summed, every branch's layer is read by whatever reads the sum: unit 3 of
    both ends in channel 3. A network without a layer graph is taken as the chain of its prunable layers.

    Parameters
    ----------
    view
        The network.
    flatten
        How maps become rows: all places of channel 0 first (PyTorch), or all channels of place 0 first (TensorFlow),
        for weights from a file that kept the other order.

    Raises
    ------
    TombolaError
        If a linear layer works on maps, or layers of a chain do not fit each other.
    """
    if view.graph is None:
        return _of_chain(view, flatten)
    return _of_graph(view.graph, flatten)


def _of_graph(graph: LayerGraph, flatten: FlattenOrder) -> dict[str, tuple[Reader, ...]]:
    found: dict[str, list[Reader]] = {node.weight: [] for node in graph.weighted() if node.weight is not None}
    origins: list[Origins] = []
    for node in graph:
        before = [origins[source] for source in node.inputs]
        if node.weight is None:
            origins.append(_passed_on(node, before, [graph[source].shape for source in node.inputs], flatten))
            continue
        if node.op == "linear" and len(graph[node.inputs[0]].shape) > 1:
            raise TombolaError(f"{node.label} works on maps, not on rows, so its inputs are no units of a layer")
        for layer, units in before[0].items():
            found[layer].append(Reader(node.weight, units, node["groups"] if node.op == "conv" else 1))
        origins.append({node.weight: np.arange(node.shape[0])})
    return {layer: tuple(reading) for layer, reading in found.items()}


def _passed_on(node: Node, before: list[Origins], shapes: list[tuple[int, ...]], flatten: FlattenOrder) -> Origins:
    match node.op:
        case "input":
            return {}
        case "add":
            return _summed(before)
        case "flatten":
            return {layer: _flat(units, int(np.prod(shapes[0][1:])), flatten) for layer, units in before[0].items()}
        case "pad":
            around = (node["before"], node["after"])
            return {layer: np.pad(units, around, constant_values=-1) for layer, units in before[0].items()}
        case _:
            return before[0]


def _summed(before: list[Origins]) -> Origins:
    first, second = before
    both = {layer: np.where(first[layer] >= 0, first[layer], second[layer]) for layer in first.keys() & second.keys()}
    return {**first, **second, **both}


def _flat(units: Units, places: int, flatten: FlattenOrder) -> Units:
    return np.repeat(units, places) if flatten == "channels-first" else np.tile(units, places)


def _of_chain(view: NetworkView, flatten: FlattenOrder) -> dict[str, tuple[Reader, ...]]:
    found: dict[str, tuple[Reader, ...]] = {}
    for layer, after in zip(view.layers, view.layers[1:], strict=False):
        outputs, inputs = layer.shape[0], after.shape[1]
        if inputs % outputs:
            raise TombolaError(
                f"{view.label}: '{after.name}' takes {inputs} inputs and '{layer.name}' before it has {outputs} units; "
                "such a network is analysed with its layer graph only"
            )
        found[layer.name] = (Reader(after.name, _flat(np.arange(outputs), inputs // outputs, flatten)),)
    return found | {view.layers[-1].name: ()}


def bias_names(view: NetworkView) -> Mapping[str, tuple[str, ...]]:
    """Return, for each layer, the names of what shifts its units: its bias and that of a normalisation behind it."""
    names: dict[str, tuple[str, ...]] = {}
    if view.graph is None:
        return {layer.name: (layer.name.removesuffix("weight") + "bias",) for layer in view.layers}
    for position, node in enumerate(view.graph):
        if node.weight is not None:
            behind = [view.graph[user] for user in view.graph.consumers[position]]
            shifts = [node, *(user for user in behind if user.op in ("batch_norm", "scale"))]
            names[node.weight] = tuple(bias for each in shifts if (bias := each.tensor("bias")) is not None)
    return names

"""Who reads what: for every layer, the layers whose weights take its units' outputs, and which input is which unit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from tombola.analysis.material import NetworkView
from tombola.analysis.wiring import IMAGE, FlattenOrder, chain_units, on_maps, origins
from tombola.errors import TombolaError
from tombola.networks import LayerGraph

__all__ = ["FlattenOrder", "Reader", "bias_names", "readers"]


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
    found: dict[str, list[Reader]] = {str(node.weight): [] for node in graph.weighted()}
    held = origins(graph, flatten)
    for node in graph.weighted():
        if on_maps(graph, node):
            raise TombolaError(f"{node.label} works on maps, not on rows, so its inputs are no units of a layer")
        for origin in held[node.inputs[0]]:
            if origin.layer != IMAGE:
                groups = node["groups"] if node.op == "conv" else 1
                found[origin.layer].append(Reader(str(node.weight), origin.units, groups))
    return {layer: tuple(reading) for layer, reading in found.items()}


def _of_chain(view: NetworkView, flatten: FlattenOrder) -> dict[str, tuple[Reader, ...]]:
    found: dict[str, tuple[Reader, ...]] = {}
    for layer, after in zip(view.layers, view.layers[1:], strict=False):
        units = chain_units(layer.name, layer.shape, after.name, after.shape, flatten)
        found[layer.name] = (Reader(after.name, units),)
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

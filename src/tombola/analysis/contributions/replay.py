"""One pass over images that can be run again from any layer on, with something changed there."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from tombola.analysis.contributions.silenced import silenced
from tombola.networks import LayerGraph
from tombola.networks.graph_run import apply

OWN_OPS = ("batch_norm", "scale", "relu", "tanh")
"""What belongs to a layer: what is done to each unit's output by itself before anything else is."""


class Replay(Protocol):
    """One pass over images.

    Three places of each layer can be seen, and two be changed: what it takes (``taken``), what it returns before its
    activation (``returned``), and what its units pass on (``units``), by channel or, where the layer graph is not
    known, as the next layer takes it.
    """

    memory: dict[Any, Any]
    """For methods that share work."""

    def taken(self, layer: str) -> Float[Tensor, "image ..."]:
        """Return what a layer takes."""

    def returned(self, layer: str) -> Float[Tensor, "image ..."]:
        """Return what a layer returns, before normalisation and activation."""

    def units(self, layer: str) -> Float[Tensor, "image channel ..."]:
        """Return what a layer's units pass on, after normalisation and activation."""

    def owners(self, layer: str) -> Int[np.ndarray, " channel"]:
        """Return which unit each channel of `units` belongs to; -1: none of this layer's."""

    def from_returned(self, layer: str, value: Tensor) -> Float[Tensor, "image class"]:
        """Return the network's scores if a layer returned this."""

    def from_units(self, layer: str, value: Tensor) -> Float[Tensor, "image class"]:
        """Return the network's scores if a layer's units passed this on."""

    def without(self, layer: str, unit: int) -> Float[Tensor, "image class"]:
        """Return the network's scores if one unit passed on nothing."""


def gathered(
    channels: Float[Tensor, "image channel ..."], owners: Int[np.ndarray, " channel"], count: int
) -> Float[Tensor, "image unit"]:
    """Return what channels, at all their places, sum up to for each of so many units; owner -1 is nobody."""
    flat = channels.flatten(2).sum(2) if channels.dim() > 2 else channels
    unit = torch.from_numpy(owners).to(flat.device)
    summed = torch.zeros(len(flat), count + 1, dtype=flat.dtype, device=flat.device)
    # what is nobody's goes to a unit beyond the last, which is cut off
    return summed.index_add_(1, torch.where(unit >= 0, unit, count), flat)[:, :count]


class GraphReplay:
    """A pass by the layer graph: from a changed layer on, only what depends on it is computed again.

    `values` are what its operations returned.

    Parameters
    ----------
    graph
        The operations.
    tensors
        The network's state.
    images
        A batch, normalised.
    """

    def __init__(self, graph: LayerGraph, tensors: dict[str, Tensor], images: Float[Tensor, "image ..."]) -> None:
        self.graph, self.tensors = graph, tensors
        self.memory: dict[Any, Any] = {}
        self._where = {node.weight: position for position, node in enumerate(graph) if node.weight is not None}
        self.values = [images]
        with torch.no_grad():
            for node in graph.nodes[1:]:
                self.values.append(apply(node, tensors, [self.values[source] for source in node.inputs]))

    def taken(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self.values[self.graph[self._where[layer]].inputs[0]]

    def returned(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self.values[self._where[layer]]

    def units(self, layer: str) -> Tensor:
        """See `Replay`."""
        return self.values[own_end(self.graph, self._where[layer])]

    def owners(self, layer: str) -> NDArray[np.int64]:
        """See `Replay`."""
        return np.arange(self.graph[self._where[layer]].shape[0])

    def from_returned(self, layer: str, value: Tensor) -> Tensor:
        """See `Replay`."""
        return self._again(self._where[layer], value)

    def from_units(self, layer: str, value: Tensor) -> Tensor:
        """See `Replay`."""
        return self._again(own_end(self.graph, self._where[layer]), value)

    def without(self, layer: str, unit: int) -> Tensor:
        """See `Replay`."""
        return silenced(self.graph, self.tensors, self.values, own_end(self.graph, self._where[layer]), unit)

    def _again(self, position: int, value: Tensor) -> Tensor:
        changed = {position: value}
        for later in range(position + 1, len(self.graph)):
            node = self.graph[later]
            if any(source in changed for source in node.inputs):
                inputs = [changed.get(source, self.values[source]) for source in node.inputs]
                changed[later] = apply(node, self.tensors, inputs)
        return changed.get(self.graph.output, self.values[self.graph.output])


def own_end(graph: LayerGraph, position: int) -> int:
    """Return the last operation that belongs to a layer: its activation, or what stands for it."""
    while len(users := graph.consumers[position]) == 1 and graph[users[0]].op in OWN_OPS:
        position = users[0]
    return position


Start = Callable[[Float[Tensor, "image ..."]], Replay]
"""Images -> their pass."""

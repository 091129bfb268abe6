"""Exact compaction: a masked network without its dead units, smaller and just as right."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from tombola.errors import TombolaError
from tombola.networks import capture, layer_graph
from tombola.pruning.compact_layers import assembled, narrowed
from tombola.pruning.compact_units import constants, kept_units, needed_units
from tombola.pruning.mask import Mask


@dataclass(frozen=True)
class LayerUnits:
    """What is left of a convolution or linear layer.

    Attributes
    ----------
    name
        Path of the layer in the network that was compacted.
    kept, units
        Channels or features it has now, and had.
    """

    name: str
    kept: int
    units: int


@dataclass(frozen=True)
class Compacted:
    """A compacted network and what became of each layer.

    Attributes
    ----------
    module
        Ordinary layers: an ``nn.Sequential`` where the network is a chain, an ``fx.GraphModule`` where it has sums. On
        the CPU, in evaluation mode. Layers are called like those they come from, with ``_`` for ``.``.
    layers
        Units per convolution and linear layer, in order.
    """

    module: nn.Module
    layers: tuple[LayerUnits, ...]

    @property
    def parameters(self) -> int:
        """Number of parameters that are left."""
        return sum(parameter.numel() for parameter in self.module.parameters())


def compact_network(module: nn.Module, input_shape: Sequence[int], mask: Mask | None = None) -> Compacted:
    """Return a smaller network that answers as the masked one does in evaluation mode.

    A unit goes when no weight leads from it to a unit that matters, or when no weight leads to it: it is constant then,
    and what it adds (its bias, through batch norm and activation) moves into the biases of the next layer. That is
    repeated through the whole network. Zero padding makes a constant map uneven, so a channel that is constant but not
    zero stays where a padded convolution or a padded average reads it. Channels of maps that are added up stay, and so
    do those around grouped convolutions, all outputs and all inputs; a layer without any unit that matters keeps one,
    so that every tool can still run it. Dropout is left out.

    Parameters
    ----------
    module
        Any network that has a layer graph. It is not changed. Weights that are exactly zero count as pruned: finite
        activations pass nothing through them either.
    input_shape
        Of one image: (channels, height, width).
    mask
        Which weights remain; None where pruned weights already are zeros.

    Raises
    ------
    TombolaError
        If the network has no layer graph, or the mask belongs to another network or holds pruned weights at values.

    Examples
    --------
    >>> import torch
    >>> module = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> keep = {"1.weight": torch.ones(3, 4, dtype=torch.bool), "3.weight": torch.tensor([[True, False, True]] * 2)}
    >>> compact_network(module, (1, 2, 2), Mask(keep)).layers
    (LayerUnits(name='1', kept=2, units=3), LayerUnits(name='3', kept=2, units=2))
    """
    if mask is not None and mask.held:
        raise TombolaError(
            "this mask holds pruned weights at other values than zero, so they count in every answer and nothing can go"
        )
    graph = layer_graph(module, input_shape)
    state = capture(module)
    if mask is not None:
        mask.apply_(state)
    values = constants(graph, state)
    kept = kept_units(graph, needed_units(graph, state, values))
    layers = [
        narrowed(node, state, values[node.inputs[0]], kept[node.inputs[0]], kept[position])
        for position, node in enumerate(graph.nodes[1:], start=1)
    ]
    units = tuple(
        LayerUnits(node.module, int(kept[position].sum()), len(kept[position]))
        for position, node in enumerate(graph)
        if node.weight is not None
    )
    return Compacted(assembled(graph, [None, *layers]).eval(), units)

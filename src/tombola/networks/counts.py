"""Counting weights and biases, from shapes alone."""

from dataclasses import dataclass

from torch import nn

from tombola.networks.kinds import CONVOLUTIONS
from tombola.networks.prunable import prunable_layers


@dataclass(frozen=True)
class WeightCounts:
    """Sizes of a network (playground reference, section 1.9).

    Attributes
    ----------
    layers
        Prunable weights per layer, in order.
    conv, linear
        Their sums over convolutions and over linear layers, the output layer included.
    biases
        Biases of convolutions and linear layers; normalisation not counted.
    """

    layers: dict[str, int]
    conv: int
    linear: int
    biases: int

    @property
    def total(self) -> int:
        """All prunable weights."""
        return self.conv + self.linear


def count_weights(module: nn.Module) -> WeightCounts:
    """Count what a network could prune, and its biases; it may be on the meta device.

    Raises
    ------
    TombolaError
        If nothing in the network is prunable.
    """
    layers = prunable_layers(module)
    conv = sum(layer.size for layer in layers if layer.kind == "conv")
    weighted = [part for part in module.modules() if isinstance(part, (*CONVOLUTIONS, nn.Linear))]
    biases = sum(part.bias.numel() for part in weighted if part.bias is not None)
    return WeightCounts(
        layers={layer.name: layer.size for layer in layers},
        conv=conv,
        linear=sum(layer.size for layer in layers) - conv,
        biases=biases,
    )

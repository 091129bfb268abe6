"""Who uses what in a network: users of every map, and activations that become part of the layer before them."""

from collections.abc import Sequence

from tombola.training.sparse.arena import NO_HALO, Halo
from tombola.training.sparse.convolution import Geometry
from tombola.training.sparse.layers import IDENTITY, Layer, conv_geometry

TAKING = ("linear", "conv", "norm", "add")
"""Kinds of layers whose kernels apply an activation to what they have just computed."""


class Wiring:
    """The users of every value of a network.

    Parameters
    ----------
    layers
        The layers. Position 0 is the input; layer i has position i + 1.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)
        self.users: list[list[int]] = [[] for _ in range(len(layers) + 1)]
        for position, layer in enumerate(self.layers, start=1):
            for source in layer.node.inputs:
                self.users[source].append(position)

    def __getitem__(self, position: int) -> Layer:
        return self.layers[position - 1]

    def end(self, position: int) -> int:
        """Return the position whose value a layer writes: its own, or that of the activation that is part of it."""
        users = self.users[position]
        if position and self[position].kind in TAKING and len(users) == 1 and self[users[0]].kind == "activation":
            return users[0]
        return position

    def activation(self, position: int) -> int:
        """Return the number of the activation that is part of a layer."""
        end = self.end(position)
        return self[end].activation if end != position else IDENTITY

    def only_flattened(self, position: int) -> bool:
        """Return whether a value is flattened and used for nothing else."""
        users = self.users[position]
        return len(users) == 1 and self[users[0]].kind == "flatten"

    def halo(self, position: int, shape: tuple[int, int, int]) -> Halo:
        """Return the zeros that convolutions read around a value."""
        halo = NO_HALO
        for user in self.users[position]:
            if self[user].kind == "conv":
                halo = halo.around(geometry_of(self[user], shape).input_halo())
        return halo


def geometry_of(layer: Layer, before: tuple[int, int, int]) -> Geometry:
    """Return the geometry of a convolution on maps of a shape."""
    kernel, stride, padding, channels = conv_geometry(layer)
    return Geometry(kernel, stride, padding, before, channels)

"""The first part of a network, computed by PyTorch."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from tombola.networks.graph import Node
from tombola.networks.graph_run import apply
from tombola.training.sparse.layers import Layer


class Prefix:
    """The first layers of a network, in plain PyTorch with the module's own tensors.

    Parameters
    ----------
    module
        The network.
    layers
        Its layers; the result is that of the last one.
    """

    def __init__(self, module: nn.Module, layers: Sequence[Layer]) -> None:
        nodes = [layer.node for layer in layers]
        named = dict(module.named_parameters()) | dict(module.named_buffers())
        self._nodes: list[Node] = nodes
        self._tensors = {name: named[name] for node in nodes for _, name in node.tensors}
        self._last = {source: position for position, node in enumerate(nodes, start=1) for source in node.inputs}
        self.parameters = [tensor for tensor in self._tensors.values() if isinstance(tensor, nn.Parameter)]

    def __call__(self, images: Float[Tensor, "n c h w"], *, training: bool) -> Float[Tensor, "n d y x"]:
        """Return the maps of images; values that nobody needs any more are let go."""
        values = {0: images}
        for position, node in enumerate(self._nodes, start=1):
            values[position] = apply(node, self._tensors, [values[source] for source in node.inputs], training)
            for source in set(node.inputs):
                if self._last[source] == position:
                    del values[source]
        return values[len(self._nodes)].contiguous(memory_format=torch.channels_last)

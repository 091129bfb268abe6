"""The last part of a network, computed by sparse kernels from maps that are handed over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import Layer
from tombola.training.sparse.network import NO_RATES, Compiled, Outcome
from tombola.training.sparse.sources import Handed

NO_IMAGES = np.zeros(0, np.uint8)


class Suffix(Compiled):
    """The last layers of a network, survivors only.

    Parameters
    ----------
    layers
        All layers of the network.
    begin
        Position of the map that is handed over: the layers behind it are compiled.
    mask
        Survivors by name of the weight; weights that are not named are dense.
    batch
        Samples per step.
    recipe
        The optimiser.
    """

    def __init__(
        self, layers: Sequence[Layer], begin: int, mask: Mapping[str, Tensor], batch: int, recipe: Recipe
    ) -> None:
        channels, height, width = layers[begin - 1].node.shape
        source = Handed((channels, height, width))
        super().__init__(
            Compiler([_moved(layer, begin) for layer in layers[begin:]], mask, source, batch, recipe), batch
        )
        whole = torch.from_numpy(self.arena)
        size, shape = channels * height * width, (batch, height, width, channels)
        self._values, self._gradient = (
            whole[place : place + batch * size].view(shape).permute(0, 3, 1, 2)
            for place in (source.values, source.gradient)
        )

    def train(
        self, maps: Float[Tensor, "n c h w"], labels: NDArray[np.int64], rate: float
    ) -> tuple[Outcome, Float[Tensor, "n c h w"]]:
        """Take a step; return what came of it, and the gradient of the maps, which lasts until the next step."""
        outcome = self._take(maps, labels, np.array([rate]))
        return outcome, self._gradient

    def evaluate(self, maps: Float[Tensor, "n c h w"], labels: NDArray[np.int64]) -> Outcome:
        """Return the sum of the losses and the correct answers of up to a batch, in evaluation mode."""
        return self._take(maps, labels, NO_RATES)

    def _take(self, maps: Tensor, labels: NDArray[np.int64], rates: NDArray[np.float64]) -> Outcome:
        self._values[: len(maps)] = maps.detach()
        return self._run(NO_IMAGES, labels, np.arange(len(maps)), rates)


def _moved(layer: Layer, begin: int) -> Layer:
    """Return a layer as one of a network that begins later."""
    inputs = tuple(source - begin for source in layer.node.inputs)
    return replace(layer, node=replace(layer.node, inputs=inputs))

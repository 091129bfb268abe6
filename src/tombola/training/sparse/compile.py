"""From a chain of layers to a program: where every map lies, and the operations of a step and of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, Halo, feature_view, image_view
from tombola.training.sparse.convolution import Geometry
from tombola.training.sparse.layers import IDENTITY, Layer, Unsupported
from tombola.training.sparse.lowering import LOWERED, geometry_of
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.parameters import Parameters
from tombola.training.sparse.vector import LANES

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Recipe:
    """What the optimiser does: its number (`optimise.SGD`, ...) and its real constants."""

    kind: int
    constants: tuple[float, float, float, float]


class Compiler:
    """Compile a network for one batch size.

    Parameters
    ----------
    layers
        The chain.
    mask
        Survivors by name of the weight.
    shape
        Channels, height, width of an image.
    batch
        Samples per step.
    scale, shift
        A pixel is fed as ``pixel * scale + shift``, by channel.
    recipe
        The optimiser.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        mask: Mapping[str, Tensor],
        shape: Shape,
        batch: int,
        scale: NDArray[np.float32],
        shift: NDArray[np.float32],
        recipe: Recipe,
    ) -> None:
        self.arena, self.layers, self.batch = Arena(), list(layers), batch
        self.groups = -(-batch // LANES)
        self.parameters = Parameters(self.arena, self.layers, mask)
        lanes = (np.arange(self.groups * LANES) < batch).astype(np.float32)
        self.lane_mask = self.arena.constant(lanes)
        self.forward = Operations()
        self.steps: list[Operations] = []
        self.position, self.trained = 0, False
        self.map = self._input(shape, scale, shift)
        while self.position < len(self.layers):
            self._next(self.layers[self.position])
        self.evaluation, self.training = Operations(), Operations()
        self.evaluation.extend(self.forward)
        self.training.extend(self.forward)
        self._loss()
        for step in reversed(self.steps):
            self.training.extend(step)
        parameters = self.parameters
        self.training.add(
            at.OPTIMISE,
            weights=parameters.begin,
            bias=parameters.gradient,
            first_state=parameters.first_state,
            second_state=parameters.second_state,
            count=parameters.count,
            size=recipe.kind,
            real=recipe.constants,
        )

    def _input(self, shape: Shape, scale: NDArray[np.float32], shift: NDArray[np.float32]) -> Map:
        made = self.make(shape, spread=True)
        view = made.values
        channel, y, x = np.unravel_index(np.arange(int(np.prod(shape))), shape)
        places = self.arena.table(channel * view.channel + y * view.y + x * view.x)
        self.forward.add(
            at.GATHER,
            target=view,
            rows=shape[0],
            count=shape[1] * shape[2],
            groups=self.groups,
            offsets=places,
            weights=self.arena.constant(np.broadcast_to(scale, shape[:1]).astype(np.float32)),
            bias=self.arena.constant(np.broadcast_to(shift, shape[:1]).astype(np.float32)),
        )
        return made

    def make(
        self, shape: Shape, *, spread: bool, own: Geometry | None = None, activation: int = IDENTITY, flat: bool = False
    ) -> Map:
        """Make the map that layer `position - 1` produces, for the layer at `position`.

        `spread`: its maker can write any layout, so that flattening costs nothing; else it writes that of images.
        """
        following = self.layers[self.position] if self.position < len(self.layers) else None
        if following is not None and following.kind == "conv" and flat:
            raise Unsupported("a convolution follows a flattened map")
        flat = flat or (spread and following is not None and following.kind == "flatten")
        gradient = None
        if flat:
            values = feature_view(self.arena, shape, self.groups)
            if self.trained:
                gradient = feature_view(self.arena, shape, self.groups)
        else:
            halo = Halo()
            if following is not None and following.kind == "conv":
                halo = geometry_of(following, shape).input_halo()
            values = image_view(self.arena, shape, self.groups, halo)
            if self.trained:
                halo = own.output_halo() if own is not None else Halo()
                gradient = image_view(self.arena, shape, self.groups, halo)
        return Map(shape, self.groups, values, gradient, activation, flat)

    def take_activation(self) -> int:
        """Return the activation at the current position, which becomes part of the layer before it."""
        if self.position < len(self.layers) and self.layers[self.position].kind == "activation":
            self.position += 1
            return self.layers[self.position - 1].activation
        return IDENTITY

    def _next(self, layer: Layer) -> None:
        self.position += 1
        backward = Operations()
        before = self.map
        LOWERED[layer.kind](self, layer, before, backward)
        self.steps.append(backward)

    def _loss(self) -> None:
        last = self.map
        if not last.flat or not self.trained:
            raise Unsupported("the network does not end in a linear layer")
        room = self.arena.reserve(2 * LANES)
        fields: dict[str, Any] = {"rows": last.features, "groups": self.groups, "size": room}
        self.evaluation.add(at.LOSS, source=last.values, **fields)
        self.training.add(at.LOSS, source=last.values, target=last.gradient, **fields)
        if last.activation != IDENTITY:
            self.training.add(
                at.MAP,
                source=last.gradient,
                target=last.gradient,
                values=last.values,
                slope=last.activation,
                height=1,
                width=1,
                rows=last.features,
                groups=self.groups,
                source_channel=last.lanes,
            )

"""From layers to a program: where every map lies, and the operations of a step and of an evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import NO_HALO, Arena, Halo, feature_view, image_view
from tombola.training.sparse.copies import Backward
from tombola.training.sparse.dead import Units, live_units
from tombola.training.sparse.gradients import Gradients
from tombola.training.sparse.layers import IDENTITY, Layer, Unsupported
from tombola.training.sparse.lowering import LEARNING, LOWERED
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.parameters import Parameters
from tombola.training.sparse.sources import Handed, Pixels
from tombola.training.sparse.vector import LANES
from tombola.training.sparse.wiring import Wiring

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
        The layers, as `read_layers` gives them.
    mask
        Survivors by name of the weight.
    source
        Where the first map comes from.
    batch
        Samples per step.
    recipe
        The optimiser.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        mask: Mapping[str, Tensor],
        source: Pixels | Handed,
        batch: int,
        recipe: Recipe,
    ) -> None:
        self.arena, self.wiring = Arena(), Wiring(layers)
        self.gradients = Gradients(self.arena)
        self.groups = -(-batch // LANES)
        self.parameters = Parameters(self.arena, layers, mask)
        self.live = live_units(self.wiring, mask)
        lanes = (np.arange(self.groups * LANES) < batch).astype(np.float32)
        self.lane_mask = self.arena.constant(lanes)
        self.forward, self.evaluation, self.training = Operations(), Operations(), Operations()
        self.maps: dict[int, Map] = {}
        first = self._map(0, source.shape, flat=self.wiring.only_flattened(0))
        first.trained = source.trained
        source.begin(self, first)
        backward: list[tuple[int, Backward]] = []
        for position, layer in enumerate(layers, start=1):
            if position not in self.maps:  # else it is an activation that is part of the layer before it
                backward.append((position, LOWERED[layer.kind](self, position)))
        self.output = self.maps[len(layers)]
        self.evaluation.extend(self.forward)
        self.training.extend(self.forward)
        self._loss()
        for position, append in reversed(backward):
            append(self.training)
            self.gradients.finish(self.maps[position])
        source.end(self, first)
        self._update(recipe)

    def before(self, position: int) -> Map:
        """Return the map that a layer takes."""
        return self.maps[self.wiring[position].node.inputs[0]]

    def make(
        self,
        position: int,
        *,
        spread: bool = False,
        activation: int = IDENTITY,
        halo: Halo = NO_HALO,
        live: Units | None = None,
    ) -> Map:
        """Make the map of a layer.

        Parameters
        ----------
        position
            Of the layer.
        spread
            Whether it can write any layout, so that flattening costs nothing; else maps get that of images.
        activation
            What the layer applies to its values.
        halo
            The zeros that its backward pass reads around the gradient.
        live
            The channels that are computed; None for all.
        """
        layer, end = self.wiring[position], self.wiring.end(position)
        long = len(layer.node.shape) == 1
        shape: Any = (*layer.node.shape, 1, 1) if long else layer.node.shape
        if live is not None:
            shape = (len(live), *shape[1:])
        made = self._map(end, shape, flat=long or (spread and self.wiring.only_flattened(end)))
        made.activation, made.halo, made.live = activation, halo, live
        made.trained = layer.kind in LEARNING or any(self.maps[source].trained for source in layer.node.inputs)
        self.maps[position] = made
        return made

    def _map(self, end: int, shape: Shape, *, flat: bool) -> Map:
        if flat:
            values = feature_view(self.arena, shape, self.groups)
        else:
            values = image_view(self.arena, shape, self.groups, self.wiring.halo(end, shape))
        users = len(self.wiring.users[end])
        self.maps[end] = Map(shape, self.groups, values, flat=flat, users=users, left=users)
        return self.maps[end]

    def _loss(self) -> None:
        last = self.output
        if not last.flat or not last.trained:
            raise Unsupported("the network does not end in a linear layer")
        room = self.arena.reserve(2 * LANES)
        fields: dict[str, Any] = {"rows": last.features, "groups": self.groups, "size": room}
        self.evaluation.add(at.LOSS, source=last.values, **fields)
        last.gradient = self.gradients.room(last)
        self.training.add(at.LOSS, source=last.values, target=last.gradient, **fields)
        if last.activation != IDENTITY:
            self.training.add(
                at.MAP,
                source=last.gradient,
                target=last.gradient,
                values=last.values,
                slope=last.activation,
                source_channel=last.gradient.channel,
                **last.extent,
            )

    def _update(self, recipe: Recipe) -> None:
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

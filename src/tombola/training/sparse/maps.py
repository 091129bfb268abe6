"""Feature maps of a compiled network: values, gradients, and the positions that kernels step through."""

from dataclasses import dataclass, replace
from typing import Any

from tombola.training.sparse.arena import NO_HALO, Halo, View
from tombola.training.sparse.dead import Units
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.vector import LANES

Shape = tuple[int, int, int]


@dataclass
class Map:
    """The output of a layer (and of the activation that is part of it), or the input.

    Attributes
    ----------
    shape
        Channels that are computed, height, width.
    groups
        Groups of 16 samples.
    values
        Where its values lie.
    activation
        The activation that made the values: whoever finishes the gradient applies its derivative.
    flat
        Whether samples lie side by side for each feature, as linear layers need it.
    trained
        Whether anything before it learns, so that it has a gradient.
    halo
        Zeros that the layer which made it reads around its gradient.
    users
        How many take it; `left` of them have not added to its gradient yet.
    gradient
        Where the gradient lies, with respect to what the activation was applied to; while users are left, the sum
        of what has been added, with respect to the values; None where there is nothing yet.
    room
        Where gradients of its own are written; None until one is.
    live
        Which channels are computed; None for all.
    """

    shape: Shape
    groups: int
    values: View
    activation: int = IDENTITY
    flat: bool = False
    trained: bool = False
    halo: Halo = NO_HALO
    users: int = 1
    left: int = 1
    gradient: View | None = None
    room: View | None = None
    live: Units | None = None

    @property
    def features(self) -> int:
        """Number of values per sample."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def lanes(self) -> int:
        """Samples, padding included."""
        return self.groups * LANES

    @property
    def extent(self) -> dict[str, Any]:
        """The fields of an operation on all of its elements."""
        channels, height, width = self.shape
        return {"rows": channels, "height": height, "width": width, "groups": self.groups}

    def columns(self, view: View) -> View:
        """Return a flat map as linear layers see it: features are channels, groups of samples are columns."""
        return replace(view, group=0, channel=self.lanes, y=0, x=LANES)

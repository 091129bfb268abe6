"""Feature maps of a compiled network: values, gradients, and the positions that kernels step through."""

from dataclasses import dataclass, replace

from tombola.training.sparse.arena import View
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.vector import LANES

Shape = tuple[int, int, int]


@dataclass
class Map:
    """The output of a layer (and of the activation that is part of it), or the input.

    Attributes
    ----------
    shape
        Channels, height, width.
    groups
        Groups of 16 samples.
    values
        Where its values lie.
    gradient
        Where the gradient lies, with respect to what the activation was applied to; None where nobody needs it.
    activation
        The activation that made the values: whoever computes the gradient applies its derivative.
    flat
        Whether samples lie side by side for each feature, as linear layers need it.
    """

    shape: Shape
    groups: int
    values: View
    gradient: View | None = None
    activation: int = IDENTITY
    flat: bool = False

    @property
    def features(self) -> int:
        """Number of values per sample."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def lanes(self) -> int:
        """Samples, padding included."""
        return self.groups * LANES

    def columns(self, view: View) -> View:
        """Return a flat map as linear layers see it: features are channels, groups of samples are columns."""
        return replace(view, group=0, channel=self.lanes, y=0, x=LANES)

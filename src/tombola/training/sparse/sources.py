"""Where the first map of a program comes from: images, or another engine that computes the layers before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import View
from tombola.training.sparse.maps import Map, Shape
from tombola.training.sparse.turn import INWARD, OUTWARD
from tombola.training.sparse.vector import LANES

if TYPE_CHECKING:
    from tombola.training.sparse.compile import Compiler


@dataclass(frozen=True)
class Pixels:
    """Images of 8 bits, gathered by index; a pixel is fed as ``pixel * scale + shift``: one number, or one per channel.

    Attributes
    ----------
    shape
        Channels, height, width of an image.
    scale, shift
        What pixels are multiplied with, and what is added.
    """

    shape: Shape
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]
    trained = False

    def begin(self, compiler: "Compiler", made: Map) -> None:
        """Append the operation that fills the first map."""
        channels, height, width = self.shape
        compiler.forward.add(
            at.GATHER,
            target=made.values,
            rows=channels,
            count=height * width,
            groups=made.groups,
            offsets=compiler.arena.table(_places(self.shape, made.values)),
            weights=compiler.arena.constant(np.broadcast_to(self.scale, (channels,)).astype(np.float32)),
            bias=compiler.arena.constant(np.broadcast_to(self.shift, (channels,)).astype(np.float32)),
        )

    def end(self, compiler: "Compiler", made: Map) -> None:
        """Do nothing: images have no gradient."""


@dataclass
class Handed:
    """Maps that another engine computes and wants the gradient of, each sample with its channels last.

    Attributes
    ----------
    shape
        Channels, height, width of the maps.
    values, gradient
        Where in the arena they are handed over: samples (whole groups of 16), rows, columns, channels.
    """

    shape: Shape
    values: int = -1
    gradient: int = -1
    trained = True

    def begin(self, compiler: "Compiler", made: Map) -> None:
        """Append the operation that turns what is handed over into the first map."""
        room = made.lanes * made.features
        self.values, self.gradient = compiler.arena.reserve(room), compiler.arena.reserve(room)
        compiler.forward.add(at.TURN, **self._turned(compiler, self.values, made.values, made.groups, INWARD))

    def end(self, compiler: "Compiler", made: Map) -> None:
        """Append the operation that hands the gradient back."""
        assert made.gradient is not None
        compiler.training.add(at.TURN, **self._turned(compiler, self.gradient, made.gradient, made.groups, OUTWARD))

    def _turned(self, compiler: "Compiler", rows: int, view: View, groups: int, direction: int) -> dict[str, Any]:
        places = _places(self.shape, view).reshape(self.shape).transpose(1, 2, 0)
        source = View(rows, LANES * places.size, 0, 0, 0)
        table = compiler.arena.table(np.ascontiguousarray(places))
        return {
            "source": source, "target": view, "groups": groups, "count": places.size, "offsets": table,
            "size": direction,
        }  # fmt: skip


def _places(shape: Shape, view: View) -> NDArray[np.int64]:
    """Return where the values of a sample lie within a view, in the order of channel, row, column."""
    channel, y, x = np.unravel_index(np.arange(int(np.prod(shape))), shape)
    return np.asarray(channel * view.channel + y * view.y + x * view.x, np.int64)

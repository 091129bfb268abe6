"""How the gradient of a map comes together: each user adds its part, last user of the forward pass first.

The first part lies where it was made, if that is a gradient which is complete (that of a sum, say): nobody copies it.
The user that comes last finishes the gradient with the derivative of the activation that made the map. Once the layer
that made the map has used it, its place is free for the gradients of earlier maps: what was just read is in the caches.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, Halo, View, feature_view, image_view
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.maps import Map, Shape
from tombola.training.sparse.operations import Operations

Kind = tuple[Shape, bool, Halo]
"""What rooms must share to stand in for each other: around its map, a room is 0 and stays so."""


@dataclass(frozen=True)
class Turn:
    """What a user of a map does with its part of the gradient.

    Attributes
    ----------
    target
        Where the sum goes.
    addend
        What the part is added to; None for nothing. It may be the target itself.
    slope
        The activation whose derivative the sum is multiplied with.
    """

    target: View
    addend: View | None
    slope: int


class Gradients:
    """The gradients of a program's maps, in the order of the backward pass.

    Parameters
    ----------
    arena
        Where they lie.
    """

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self._kinds: dict[int, Kind] = {}
        self._free: dict[Kind, list[View]] = defaultdict(list)
        self._holders: Counter[int] = Counter()
        self._held: dict[int, list[View]] = defaultdict(list)

    def room(self, made: Map) -> View:
        """Return the room of a map's gradient; it holds whatever was there before, but for a halo of zeros."""
        if made.room is None:
            kind = made.shape, made.flat, made.halo
            made.room = self._free[kind].pop() if self._free[kind] else self._new(made)
            self._kinds[made.room.base] = kind
            self._hold(made, made.room)
        return made.room

    def empty_room(self, made: Map) -> View:
        """Return a room that nobody else uses: what is not written in it is 0."""
        made.room = self._new(made)
        return made.room

    def turn(self, before: Map) -> Turn | None:
        """Return what the next user of a map does with its part of the gradient; None where nobody needs it."""
        if not before.trained:
            return None
        before.left -= 1
        addend, before.gradient = before.gradient, self.room(before)
        return Turn(before.gradient, addend, IDENTITY if before.left else before.activation)

    def hand_on(self, before: Map, after: Map, program: Operations) -> None:
        """Let the gradient of a map be the next part of that of another map, of the same shape.

        Where nothing is to be added or multiplied, that is all: both have their gradient in the same place, around
        which there must be the zeros that both need.
        """
        if not before.trained:
            return
        assert after.gradient is not None
        plain = before.left > 1 or before.activation == IDENTITY
        if before.gradient is None and plain and after.flat == before.flat:
            before.left -= 1
            self.lie(before, after.gradient)
        elif turn := self.turn(before):
            add_part(after.gradient, before, turn, program)

    def lie(self, made: Map, place: View) -> None:
        """Let the gradient of a map be what lies somewhere already."""
        made.gradient = place
        self._hold(made, place)

    def finish(self, made: Map) -> None:
        """Give free what a map's gradient took up, where nobody else needs it: all that needs it has been appended."""
        for place in self._held.pop(id(made), ()):
            self._holders[place.base] -= 1
            if not self._holders[place.base] and place.base in self._kinds:
                self._free[self._kinds[place.base]].append(place)

    def _hold(self, made: Map, place: View) -> None:
        self._holders[place.base] += 1
        self._held[id(made)].append(place)

    def _new(self, made: Map) -> View:
        if made.flat:
            return feature_view(self.arena, made.shape, made.groups)
        return image_view(self.arena, made.shape, made.groups, made.halo)


def add_part(part: View, before: Map, turn: Turn, program: Operations) -> None:
    """Append the operation that adds a part which lies somewhere."""
    program.add(
        at.MAP,
        source=part,
        addend=turn.addend,
        target=turn.target,
        values=before.values,
        slope=turn.slope,
        source_channel=part.channel,
        **before.extent,
    )

"""How the gradient of a map comes together: each user adds its part, last user of the forward pass first.

The first part lies where it was made, if that is a gradient which is complete (that of a sum, say): nobody copies it.
The user that comes last finishes the gradient with the derivative of the activation that made the map.
"""

from dataclasses import dataclass

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, View, feature_view, image_view
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations


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


def room_for(arena: Arena, made: Map) -> View:
    """Return the room of a map's gradient."""
    if made.room is None:
        if made.flat:
            made.room = feature_view(arena, made.shape, made.groups)
        else:
            made.room = image_view(arena, made.shape, made.groups, made.halo)
    return made.room


def take_turn(arena: Arena, before: Map) -> Turn | None:
    """Return what the next user of a map does with its part of the gradient; None where nobody needs it."""
    if not before.trained:
        return None
    before.left -= 1
    addend, before.gradient = before.gradient, room_for(arena, before)
    return Turn(before.gradient, addend, IDENTITY if before.left else before.activation)


def hand_on(arena: Arena, before: Map, after: Map, program: Operations) -> None:
    """Let the gradient of a map be the next part of that of another map, of the same shape.

    Where nothing is to be added or multiplied, that is all: both have their gradient in the same place, around which
    there must be the zeros that both need.
    """
    if not before.trained:
        return
    plain = before.left > 1 or before.activation == IDENTITY
    if before.gradient is None and plain and after.flat == before.flat:
        before.left -= 1
        before.gradient = after.gradient
    elif turn := take_turn(arena, before):
        assert after.gradient is not None
        add_part(after.gradient, before, turn, program)


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

"""Layers that only move values: flattening, activations that stand alone, sums of two maps."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import View
from tombola.training.sparse.dead import in_features
from tombola.training.sparse.gradients import add_part
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.vector import LANES

if TYPE_CHECKING:
    from tombola.training.sparse.compile import Compiler

Backward = Callable[[Operations], None]
"""Appends a layer's operations of the backward pass."""


def flatten(compiler: "Compiler", position: int) -> Backward:
    """Lower flattening: nothing to do where the map was written for it, else a copy."""
    before = compiler.before(position)
    if before.flat and before.users == 1:
        return _seen_flat(compiler, position, before)
    after = compiler.make(position, live=in_features(before.live, before.shape))
    _copy(compiler, before, after)

    def backward(program: Operations) -> None:
        if turn := compiler.gradients.turn(before):
            assert after.gradient is not None
            add_part(_as(before.shape, after, after.gradient), before, turn, program)

    return backward


def _seen_flat(compiler: "Compiler", position: int, before: Map) -> Backward:
    """Let a map be its own flattening: the same places, asked for by feature."""
    users = len(compiler.wiring.users[position])
    shape = (before.features, 1, 1)
    live = in_features(before.live, before.shape)
    after = replace(before, shape=shape, values=_as(shape, before, before.values), users=users, left=users, live=live)
    compiler.maps[position] = after

    def backward(program: Operations) -> None:
        # the derivative of the activation is behind it: the flattened map has the same
        before.left = 0
        if after.gradient is not None:
            compiler.gradients.lie(before, _as(before.shape, after, after.gradient))

    return backward


def _as(shape: tuple[int, int, int], flat: Map, view: View) -> View:
    """Return the places of a flat map as those of a flat map of another shape."""
    return View(view.base, LANES, shape[1] * shape[2] * flat.lanes, shape[2] * flat.lanes, flat.lanes)


def activation(compiler: "Compiler", position: int) -> Backward:
    """Lower an activation that no layer before it could take in."""
    before, number = compiler.before(position), compiler.wiring[position].activation
    after = compiler.make(position, spread=True, activation=number, live=before.live)
    _copy(compiler, before, after, activation=number)
    return lambda program: compiler.gradients.hand_on(before, after, program)


def add(compiler: "Compiler", position: int) -> Backward:
    """Lower a sum, with the activation that follows it. Its gradient is that of both maps, wherever it lies."""
    one, other = (compiler.maps[source] for source in compiler.wiring[position].node.inputs)
    halo = one.halo.around(other.halo)
    after = compiler.make(position, activation=compiler.wiring.activation(position), halo=halo)
    _copy(compiler, one, after, addend=other.values, activation=after.activation)

    def backward(program: Operations) -> None:
        for before in (other, one):
            compiler.gradients.hand_on(before, after, program)

    return backward


def _copy(
    compiler: "Compiler", before: Map, after: Map, addend: View | None = None, activation: int = IDENTITY
) -> None:
    target = _as(before.shape, after, after.values) if after.shape != before.shape else after.values
    compiler.forward.add(
        at.MAP,
        source=before.values,
        addend=addend,
        target=target,
        activation=activation,
        source_channel=before.values.channel,
        **before.extent,
    )

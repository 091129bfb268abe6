"""One function for each kind of layer: makes its output map, appends its forward operations, returns its backward."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import NO_HALO, image_view
from tombola.training.sparse.convolution import Geometry
from tombola.training.sparse.copies import Backward, activation, add, flatten
from tombola.training.sparse.gradients import add_part
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.pool import AVERAGE, MAX
from tombola.training.sparse.weighted import Weighted
from tombola.training.sparse.wiring import geometry_of

if TYPE_CHECKING:
    from tombola.training.sparse.compile import Compiler


def linear(compiler: "Compiler", position: int) -> Backward:
    """Lower a linear layer."""
    return _weighted(compiler, position, None)


def conv(compiler: "Compiler", position: int) -> Backward:
    """Lower a convolution."""
    return _weighted(compiler, position, geometry_of(compiler.wiring[position], compiler.before(position).shape))


def _weighted(compiler: "Compiler", position: int, geometry: Geometry | None) -> Backward:
    before = compiler.before(position)
    halo = geometry.output_halo() if geometry is not None and before.trained else NO_HALO
    activation, live = compiler.wiring.activation(position), compiler.live.get(position)
    after = compiler.make(position, activation=activation, halo=halo, live=live)
    weighted = Weighted(compiler.arena, compiler.parameters, compiler.wiring[position], before, after, geometry)
    weighted.forward(compiler.forward)
    return lambda program: weighted.backward(program, compiler.gradients.turn(before))


def pool(compiler: "Compiler", position: int) -> Backward:
    """Lower pooling."""
    layer, before = compiler.wiring[position], compiler.before(position)
    after = compiler.make(position, spread=True, live=before.live)
    window, stride = layer.node["kernel"][0], layer.node["stride"][0]
    # windows that leave something out do not write there: it must be 0 already
    whole = window == stride and all(size % window == 0 for size in before.shape[1:])
    kind = AVERAGE if layer.node.op == "avg_pool" else MAX
    fields: dict[str, Any] = {"count": window, "size": stride, "activation": kind}
    fields |= after.extent | {"source_channel": before.values.channel}
    compiler.forward.add(at.POOL, source=before.values, target=after.values, **fields)

    def backward(program: Operations) -> None:
        if before.users == 1 and not whole:
            compiler.gradients.empty_room(before)
        turn = compiler.gradients.turn(before)
        if turn is None:
            return
        target, slope = turn.target, turn.slope
        if before.users > 1:
            target, slope = image_view(compiler.arena, before.shape, before.groups, NO_HALO), IDENTITY
        program.add(at.POOL_BACK, source=before.values, target=target, values=after.gradient, slope=slope, **fields)
        if before.users > 1:
            add_part(target, before, turn, program)

    return backward


def norm(compiler: "Compiler", position: int) -> Backward:
    """Lower batch normalisation, with the activation that follows it."""
    layer, before, parameters = compiler.wiring[position], compiler.before(position), compiler.parameters
    after = compiler.make(position, spread=True, activation=compiler.wiring.activation(position))
    weight, bias = parameters.address(layer, "weight"), parameters.address(layer, "bias")
    mean, variance = (parameters.statistics[f"{layer.name}.{name}"].address for name in ("running_mean", "running_var"))
    fields: dict[str, Any] = {"mask": compiler.lane_mask, "weights": weight, "source_channel": before.values.channel}
    fields |= before.extent | {"size": compiler.arena.reserve(2 * before.shape[0])}
    compiler.forward.add(
        at.NORM,
        source=before.values,
        target=after.values,
        bias=bias,
        pointer=mean,
        offsets=variance,
        activation=after.activation,
        real=(layer.node["eps"], layer.node["momentum"]),
        **fields,
    )

    def backward(program: Operations) -> None:
        turn = compiler.gradients.turn(before)
        program.add(
            at.NORM_BACK,
            source=before.values,
            target=turn.target if turn else None,
            addend=turn.addend if turn else None,
            values=after.gradient,
            pointer=parameters.gradient_of(weight),
            offsets=parameters.gradient_of(bias),
            slope=turn.slope if turn else IDENTITY,
            **fields,
        )

    return backward


LEARNING = ("linear", "conv", "norm")
"""Kinds of layers with parameters."""

LOWERED: dict[str, Callable[["Compiler", int], Backward]] = {
    "linear": linear,
    "conv": conv,
    "flatten": flatten,
    "activation": activation,
    "pool": pool,
    "norm": norm,
    "add": add,
}
"""Kind of layer → function."""

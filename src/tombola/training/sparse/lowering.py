"""One function for each kind of layer: makes its output map, appends its operations, forward and backward."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import View
from tombola.training.sparse.convolution import Geometry
from tombola.training.sparse.layers import IDENTITY, Layer, Unsupported, conv_geometry
from tombola.training.sparse.maps import Map
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.pool import AVERAGE, MAX
from tombola.training.sparse.vector import LANES
from tombola.training.sparse.weighted import Weighted

if TYPE_CHECKING:
    from tombola.training.sparse.compile import Compiler

Shape = tuple[int, int, int]


def linear(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower a linear layer."""
    module: Any = layer.module
    if not before.flat or before.features != module.in_features:
        raise Unsupported(f"'{layer.name}' takes {module.in_features} features; what comes is of shape {before.shape}")
    _weighted(compiler, layer, before, backward, (module.out_features, 1, 1), None)


def conv(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower a convolution."""
    geometry = geometry_of(layer, before.shape)
    _weighted(compiler, layer, before, backward, geometry.after, geometry)


def _weighted(
    compiler: "Compiler", layer: Layer, before: Map, backward: Operations, shape: Shape, geometry: Geometry | None
) -> None:
    activation = compiler.take_activation()
    need = geometry if compiler.trained else None
    compiler.trained = True
    compiler.map = compiler.make(shape, spread=False, own=need, activation=activation, flat=geometry is None)
    weighted = Weighted(compiler.arena, compiler.parameters, layer, before, compiler.map, geometry)
    weighted.forward(compiler.forward)
    weighted.backward(backward)


def flatten(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower flattening: nothing to do where the map was written for it, else a copy."""
    if not before.flat:
        compiler.map = compiler.make(before.shape, spread=True, flat=True)
        _copy(compiler, before, backward, IDENTITY)
    compiler.map.shape = (compiler.map.features, 1, 1)
    lanes = compiler.map.lanes
    for name in ("values", "gradient"):
        view = getattr(compiler.map, name)
        if view is not None:
            # the map may be asked for by features from here on
            setattr(compiler.map, name, View(view.base, LANES, lanes, lanes, lanes))


def activation(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower an activation that no layer before it could take in."""
    compiler.map = compiler.make(before.shape, spread=True, activation=layer.activation, flat=before.flat)
    _copy(compiler, before, backward, layer.activation)


def _copy(compiler: "Compiler", before: Map, backward: Operations, activation: int) -> None:
    channels, height, width = before.shape
    fields: dict[str, Any] = {"rows": channels, "height": height, "width": width, "groups": compiler.groups}
    compiler.forward.add(
        at.MAP,
        source=before.values,
        target=compiler.map.values,
        activation=activation,
        **_channel(before.values),
        **fields,
    )
    if before.gradient is not None and compiler.map.gradient is not None:
        backward.add(
            at.MAP,
            source=compiler.map.gradient,
            target=before.gradient,
            values=before.values,
            slope=before.activation,
            **_channel(compiler.map.gradient),
            **fields,
        )


def pool(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower pooling."""
    window, stride = layer.node["kernel"][0], layer.node["stride"][0]
    channels, height, width = before.shape
    shape = (channels, (height - window) // stride + 1, (width - window) // stride + 1)
    compiler.map = compiler.make(shape, spread=True)
    fields: dict[str, Any] = {
        "rows": channels,
        "height": shape[1],
        "width": shape[2],
        "groups": compiler.groups,
        "count": window,
        "size": stride,
    }
    fields["activation"] = AVERAGE if layer.node.op == "avg_pool" else MAX
    fields |= _channel(before.values)
    compiler.forward.add(at.POOL, source=before.values, target=compiler.map.values, **fields)
    if before.gradient is not None:
        backward.add(
            at.POOL_BACK,
            source=before.values,
            target=before.gradient,
            values=compiler.map.gradient,
            slope=before.activation,
            **fields,
        )


def norm(compiler: "Compiler", layer: Layer, before: Map, backward: Operations) -> None:
    """Lower batch normalisation, with the activation that follows it."""
    module: Any = layer.module
    channels, height, width = before.shape
    activation = compiler.take_activation()
    compiler.trained = True
    compiler.map = compiler.make(before.shape, spread=True, activation=activation, flat=before.flat)
    parameters = compiler.parameters
    weight, bias = parameters.address(layer, "weight"), parameters.address(layer, "bias")
    mean, variance = (parameters.statistics[f"{layer.name}.{name}"].address for name in ("running_mean", "running_var"))
    fields: dict[str, Any] = {
        "rows": channels,
        "height": height,
        "width": width,
        "groups": compiler.groups,
        "mask": compiler.lane_mask,
    }
    fields |= {"size": compiler.arena.reserve(2 * channels), "weights": weight} | _channel(before.values)
    compiler.forward.add(
        at.NORM,
        source=before.values,
        target=compiler.map.values,
        bias=bias,
        pointer=mean,
        offsets=variance,
        activation=activation,
        real=(module.eps, module.momentum),
        **fields,
    )
    backward.add(
        at.NORM_BACK,
        source=before.values,
        target=before.gradient,
        values=compiler.map.gradient,
        pointer=parameters.gradient_of(weight),
        offsets=parameters.gradient_of(bias),
        slope=before.activation,
        **fields,
    )


def geometry_of(layer: Layer, before: Shape) -> Geometry:
    """Return the geometry of a convolution on maps of a shape."""
    kernel, stride, padding, channels = conv_geometry(layer)
    return Geometry(kernel, stride, padding, before, channels)


def _channel(view: View) -> dict[str, Any]:
    return {"source_channel": view.channel}


LOWERED: dict[str, Callable[["Compiler", Layer, Map, Operations], None]] = {
    "linear": linear,
    "conv": conv,
    "flatten": flatten,
    "activation": activation,
    "pool": pool,
    "norm": norm,
}
"""Kind of layer → function."""

"""Which function and method calls become which operations of a layer graph."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import fx

from tombola.networks.graph_drafts import Draft
from tombola.networks.graph_layers import LoweringError, adaptive, average, channels_padded, drop, largest
from tombola.networks.graph_nodes import Node, Op

BATCH, SHAPE = "the batch size", "the shape"
"""What ``x.size(0)`` and ``x.shape`` are worth: enough to follow ``x.view(x.size(0), -1)``."""


def draft_call(node: fx.Node, values: Mapping[fx.Node, object], training: bool) -> object:
    """Return the operations of a function or method call, or what stands for its result.

    Raises
    ------
    LoweringError
        If it has no operation.
    """
    name = str(node.target) if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    args = [_known(argument, values) for argument in node.args]
    kwargs = {key: _known(argument, values) for key, argument in node.kwargs.items()}
    handler = CALLS.get(name)
    if handler is None:
        raise LoweringError(f"it calls {name}(), which has no operation here")
    if name == "dropout":
        kwargs["mode"] = training
    try:
        return handler(*args, **kwargs)
    except TypeError:
        raise LoweringError(f"it calls {name}() with arguments that have no operation here") from None


class _Value(int):
    """The position of an operation's output, told apart from numbers."""


def _known(argument: Any, values: Mapping[fx.Node, object]) -> Any:
    if isinstance(argument, fx.Node):
        value = values[argument]
        return _Value(value) if isinstance(value, int) else value
    if isinstance(argument, tuple | list):
        return tuple(_known(part, values) for part in argument)
    return argument


def _elementwise(op: Op) -> Callable[..., list[Draft]]:
    def call(x: _Value, inplace: bool = False) -> list[Draft]:
        return [Draft(Node(op, (x,)), in_place=inplace)]

    return call


def _overwriting(op: Op) -> Callable[..., list[Draft]]:
    return lambda x: [Draft(Node(op, (x,)), in_place=True)]


def _add(x: object, y: object) -> list[Draft]:
    if not isinstance(x, _Value) or not isinstance(y, _Value):
        raise LoweringError("it adds something other than two feature maps")
    return [Draft(Node("add", (x, y)))]


def _add_in_place(x: object, y: object) -> list[Draft]:
    return [replace(draft, in_place=True) for draft in _add(x, y)]


def _flatten(x: _Value, start_dim: int = 0, end_dim: int = -1) -> list[Draft]:
    if (start_dim, end_dim) != (1, -1):
        raise LoweringError("it flattens other dimensions than all of an image")
    return [Draft(Node("flatten", (x,)))]


def _view(x: _Value, *shape: Any) -> list[Draft]:
    rows = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    fixed = len(rows) == 2 and isinstance(rows[1], int) and not isinstance(rows[1], _Value)
    if not fixed or not (rows[0] is BATCH or (rows[0] == -1 and rows[1] != -1)):
        raise LoweringError("it reshapes to something other than one row per image")
    return [Draft(Node("flatten", (x,)), features=None if rows[1] == -1 else rows[1])]


def _mean(x: _Value, dim: Any = None, keepdim: bool = False) -> list[Draft]:
    if not isinstance(dim, tuple) or sorted(d % 4 for d in dim) != [2, 3]:
        raise LoweringError("it takes means over other dimensions than height and width")
    pooled = [Draft(Node("avg_pool", (x,)), target=(1, 1))]
    return pooled if keepdim else [*pooled, Draft(Node("flatten"))]


def _adaptive(x: _Value, output_size: Any) -> list[Draft]:
    return [Draft(Node("avg_pool", (x,)), target=adaptive(output_size))]


def _max_pool(x: _Value, *args: Any, **kwargs: Any) -> list[Draft]:
    return [Draft(Node("max_pool", (x,), attributes=largest(*args, **kwargs)))]


def _avg_pool(x: _Value, *args: Any, **kwargs: Any) -> list[Draft]:
    return [Draft(Node("avg_pool", (x,), attributes=average(*args, **kwargs)))]


def _dropout(x: _Value, p: float = 0.5, training: bool = True, inplace: bool = False, *, mode: bool) -> object:
    if training is not mode:
        raise LoweringError("its dropout does not follow the mode of the module")
    attributes = drop(p)
    return x if attributes is None else [Draft(Node("dropout", (x,), attributes=attributes), inplace)]


def _size(x: _Value, dim: int | None = None) -> object:
    return SHAPE if dim is None else _item(SHAPE, dim)


def _attribute(x: _Value, name: str) -> object:
    if name != "shape":
        raise LoweringError(f"it reads .{name} of a feature map")
    return SHAPE


def _pad(x: _Value, pad: Any, mode: str = "constant", value: float | None = None) -> object:
    attributes = channels_padded(pad, mode, value)
    return x if attributes is None else [Draft(Node("pad", (x,), attributes=attributes))]


def _item(shape: object, position: object) -> object:
    if isinstance(shape, _Value):
        return [Draft(Node("avg_pool", (shape,), attributes=average(1, _steps(position))))]
    if shape is not SHAPE or position != 0:
        raise LoweringError("it computes with the shape of a feature map, or with a part of one")
    return BATCH


def _steps(position: object) -> tuple[int, int]:
    """Return the distances of the pixels that ``x[:, :, ::2, ::2]`` takes: averages over one pixel each."""
    parts = position if isinstance(position, tuple) else ()
    open_ended = [part for part in parts if isinstance(part, slice) and part.start is None and part.stop is None]
    steps = [1 if part.step is None else part.step for part in open_ended]
    if len(parts) != 4 or len(steps) != 4 or steps[:2] != [1, 1] or not all(isinstance(step, int) for step in steps):
        raise LoweringError("it takes a part of a feature map")
    return steps[2], steps[3]


CALLS: dict[str, Callable[..., Any]] = {
    "relu": _elementwise("relu"),
    "relu_": _overwriting("relu"),
    "tanh": _elementwise("tanh"),
    "tanh_": _overwriting("tanh"),
    "add": _add,
    "add_": _add_in_place,
    operator.iadd.__name__: _add_in_place,
    "flatten": _flatten,
    "view": _view,
    "reshape": _view,
    "mean": _mean,
    "adaptive_avg_pool2d": _adaptive,
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "dropout": _dropout,
    "pad": _pad,
    "contiguous": lambda x: x,
    "size": _size,
    "getattr": _attribute,
    "getitem": _item,
}
"""Function or method name → what it becomes; torch's functions and tensors' methods of one name mean the same."""

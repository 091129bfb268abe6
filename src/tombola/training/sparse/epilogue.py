"""What is done to a finished sum while it is still in registers: an activation, or the derivative of one."""

from typing import Any

from tombola.training.sparse.functions import relu, relu_gradient, tanh, tanh_gradient
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.layers import RELU, TANH


@kernel
def activated(kind: int, tile: Any) -> Any:
    """Return an activation of a tile."""
    if kind == RELU:
        return relu(tile)
    if kind == TANH:
        return tanh(tile)
    return tile


@kernel
def slope_applied(kind: int, gradient: Any, output: Any) -> Any:
    """Return the gradient of an activation's input from that of its output and the output itself."""
    if kind == RELU:
        return relu_gradient(gradient, output)
    if kind == TANH:
        return tanh_gradient(gradient, output)
    return gradient

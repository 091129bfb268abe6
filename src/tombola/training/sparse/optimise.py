"""Optimisers: one pass over all survivors, biases and normalisation parameters, which lie in one stretch of the arena.

The arithmetic is that of PyTorch's fused optimisers. Fresh state is zero; pruned weights have none, as they are not
there.
"""

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Operation
from tombola.training.sparse.tiles import add, divide, fused, load, multiply, root, splat, store, subtract, tile1

SGD, ADAM, ADAMW = 0, 1, 2


@kernel
def optimise(op: Operation, real: NDArray[np.float64], arena: Floats, rate: float, step: int) -> None:
    """Update COUNT parameters at WEIGHTS from their gradients at BIAS; `step` counts from 1.

    real: beta1, beta2, epsilon, weight decay; for SGD momentum, 1 for Nesterov, nothing, weight decay. COUNT is a
    multiple of
    16, the gradients of padding are 0.
    """
    if op[at.SIZE] == SGD:
        _sgd(op, real, arena, rate, step)
    else:
        _adam(op, real, arena, rate, step)


@kernel
def _adam(op: Operation, real: NDArray[np.float64], arena: Floats, rate: float, step: int) -> None:
    like, decay = tile1(0.0), real[3]
    coupled = splat(like, 0.0 if op[at.SIZE] == ADAMW else decay)
    shrink = splat(like, 1.0 - rate * decay if op[at.SIZE] == ADAMW else 1.0)
    new_first, new_second, epsilon = splat(like, 1 - real[0]), splat(like, 1 - real[1]), splat(like, real[2])
    keep_second = splat(like, real[1])
    stride = splat(like, rate / (1 - real[0] ** step))
    correction = splat(like, np.sqrt(1 - real[1] ** step))
    for k in range(0, op[at.COUNT], 16):
        weight, gradient = load(like, arena, op[at.WEIGHTS] + k), load(like, arena, op[at.BIAS] + k)
        first, second = load(like, arena, op[at.FIRST_STATE] + k), load(like, arena, op[at.SECOND_STATE] + k)
        weight = multiply(weight, shrink)
        gradient = fused(weight, coupled, gradient)
        first = fused(subtract(gradient, first), new_first, first)
        second = fused(multiply(gradient, gradient), new_second, multiply(second, keep_second))
        denominator = add(divide(root(second), correction), epsilon)
        weight = subtract(weight, divide(multiply(stride, first), denominator))
        store(weight, arena, op[at.WEIGHTS] + k)
        store(first, arena, op[at.FIRST_STATE] + k)
        store(second, arena, op[at.SECOND_STATE] + k)


@kernel
def _sgd(op: Operation, real: NDArray[np.float64], arena: Floats, rate: float, step: int) -> None:
    like = tile1(0.0)
    momentum, decay, stride = splat(like, real[0]), splat(like, real[3]), splat(like, -rate)
    for k in range(0, op[at.COUNT], 16):
        weight, gradient = load(like, arena, op[at.WEIGHTS] + k), load(like, arena, op[at.BIAS] + k)
        gradient = fused(weight, decay, gradient)
        if real[0] != 0.0:
            # the first step's buffer is the gradient itself, without dampening
            buffer = gradient
            if step > 1:
                buffer = fused(load(like, arena, op[at.FIRST_STATE] + k), momentum, gradient)
            store(buffer, arena, op[at.FIRST_STATE] + k)
            gradient = fused(buffer, momentum, gradient) if real[1] else buffer
        store(fused(gradient, stride, weight), arena, op[at.WEIGHTS] + k)

"""Batch normalisation, per channel over samples and positions, as in PyTorch.

The batch is normalised with its biased variance; running statistics take the unbiased one.

Batches are padded to whole groups of 16 samples; `MASK` points at a vector per group with 1 for samples and 0 for
padding, so
that padding counts for nothing and gets no gradient.
"""

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.epilogue import activated, slope_applied
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.sums import Floats, Operation
from tombola.training.sparse.tiles import add, fused, load, multiply, splat, store, subtract, tile1, total


@kernel
def batch_norm(op: Operation, real: NDArray[np.float64], arena: Floats, training: bool, valid: int) -> None:
    """Normalise `source` into `target`, scale, shift, activate; in training by the batch, which is remembered.

    WEIGHTS, BIAS: scale and shift; POINTER, OFFSETS: running mean and variance; SIZE: where mean and reciprocal
    deviation
    go for the backward pass; real: epsilon and momentum.
    """
    like, channels, height, width, groups = tile1(0.0), op[at.ROWS], op[at.HEIGHT], op[at.WIDTH], op[at.GROUPS]
    count = valid * height * width
    for channel in range(channels):
        start = op[at.SOURCE] + channel * op[at.SOURCE_CHANNEL]
        if training:
            mean, variance = _statistics(op, arena, start, count)
            momentum = np.float32(real[1])
            unbiased = variance * count / max(count - 1, 1)
            place = op[at.POINTER] + channel
            arena[place] += momentum * (np.float32(mean) - arena[place])
            place = op[at.OFFSETS] + channel
            arena[place] += momentum * (np.float32(unbiased) - arena[place])
        else:
            mean, variance = float(arena[op[at.POINTER] + channel]), float(arena[op[at.OFFSETS] + channel])
        reciprocal = 1.0 / np.sqrt(variance + real[0])
        arena[op[at.SIZE] + channel] = mean
        arena[op[at.SIZE] + channels + channel] = reciprocal
        scale, shift = (
            splat(like, reciprocal * arena[op[at.WEIGHTS] + channel]),
            splat(like, arena[op[at.BIAS] + channel]),
        )
        centre = splat(like, mean)
        for group in range(groups):
            for y in range(height):
                source = start + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
                target = (
                    op[at.TARGET] + group * op[at.TARGET_GROUP] + channel * op[at.TARGET_CHANNEL] + y * op[at.TARGET_Y]
                )
                for x in range(width):
                    value = subtract(load(like, arena, source + x * op[at.SOURCE_X]), centre)
                    value = activated(op[at.ACTIVATION], fused(value, scale, shift))
                    store(value, arena, target + x * op[at.TARGET_X])


@kernel
def _statistics(op: Operation, arena: Floats, start: int, count: int) -> tuple[float, float]:
    """Return mean and biased variance of a channel, in two passes.

    The second is about the mean of the first, and corrects it: a large mean costs no digits, and the mean of a constant
    channel (one without survivors) is that constant in every bit, so that its scale gets a gradient of 0, not noise.
    """
    like = tile1(0.0)
    mean, variance = 0.0, 0.0
    for _ in range(2):
        sums, squares = 0.0, 0.0
        centre = splat(like, mean)
        for group in range(op[at.GROUPS]):
            mask = load(like, arena, op[at.MASK] + group * 16)
            for y in range(op[at.HEIGHT]):
                source = start + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
                first, second = splat(like, 0.0), splat(like, 0.0)
                for x in range(op[at.WIDTH]):
                    value = multiply(subtract(load(like, arena, source + x * op[at.SOURCE_X]), centre), mask)
                    first, second = add(first, value), fused(value, value, second)
                sums += total(first)
                squares += total(second)
        moved = sums / count
        mean, variance = np.float64(np.float32(mean)) + moved, squares / count - moved * moved
    return mean, variance


@kernel
def batch_norm_back(op: Operation, arena: Floats, valid: int) -> None:
    """Turn the gradient of the output (`values`) into that of the input (`target`), and of scale and shift.

    `source` is the input, WEIGHTS the scale, SIZE what the forward pass kept; POINTER, OFFSETS: where the gradients of
    scale and shift go; `addend`: what other users of the input add to its gradient, if anything; SLOPE: derivative of
    the activation that made the input.
    """
    like, channels, height, width = tile1(0.0), op[at.ROWS], op[at.HEIGHT], op[at.WIDTH]
    count = valid * height * width
    for channel in range(channels):
        start = op[at.SOURCE] + channel * op[at.SOURCE_CHANNEL]
        mean, reciprocal = arena[op[at.SIZE] + channel], arena[op[at.SIZE] + channels + channel]
        centre, inverse = splat(like, mean), splat(like, reciprocal)
        shift_gradient, scale_gradient = 0.0, 0.0
        for group in range(op[at.GROUPS]):
            for y in range(height):
                source = start + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
                values = (
                    op[at.VALUES] + group * op[at.VALUES_GROUP] + channel * op[at.VALUES_CHANNEL] + y * op[at.VALUES_Y]
                )
                first, second = splat(like, 0.0), splat(like, 0.0)
                for x in range(width):
                    gradient = load(like, arena, values + x * op[at.VALUES_X])
                    normal = multiply(subtract(load(like, arena, source + x * op[at.SOURCE_X]), centre), inverse)
                    first, second = add(first, gradient), fused(gradient, normal, second)
                shift_gradient += total(first)
                scale_gradient += total(second)
        arena[op[at.POINTER] + channel] = scale_gradient
        arena[op[at.OFFSETS] + channel] = shift_gradient
        if op[at.TARGET] < 0:
            continue
        factor = splat(like, arena[op[at.WEIGHTS] + channel] * reciprocal)
        by_shift, by_scale = splat(like, -shift_gradient / count), splat(like, -scale_gradient / count)
        for group in range(op[at.GROUPS]):
            mask = multiply(load(like, arena, op[at.MASK] + group * 16), factor)
            for y in range(height):
                source = start + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
                values = (
                    op[at.VALUES] + group * op[at.VALUES_GROUP] + channel * op[at.VALUES_CHANNEL] + y * op[at.VALUES_Y]
                )
                target = (
                    op[at.TARGET] + group * op[at.TARGET_GROUP] + channel * op[at.TARGET_CHANNEL] + y * op[at.TARGET_Y]
                )
                addend = (
                    op[at.ADDEND] + group * op[at.ADDEND_GROUP] + channel * op[at.ADDEND_CHANNEL] + y * op[at.ADDEND_Y]
                )
                for x in range(width):
                    value = load(like, arena, source + x * op[at.SOURCE_X])
                    normal = multiply(subtract(value, centre), inverse)
                    gradient = add(load(like, arena, values + x * op[at.VALUES_X]), fused(normal, by_scale, by_shift))
                    gradient = multiply(gradient, mask)
                    if op[at.ADDEND] >= 0:
                        gradient = add(gradient, load(like, arena, addend + x * op[at.ADDEND_X]))
                    if op[at.SLOPE] != IDENTITY:
                        gradient = slope_applied(op[at.SLOPE], gradient, value)
                    store(gradient, arena, target + x * op[at.TARGET_X])

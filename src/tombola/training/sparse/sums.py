"""Weighted sums over survivors: the forward pass and the input gradient of sparse layers, linear and convolutional.

    target[row, position] = activation(start + sum over survivors k of row: weight[k] * source[offset[k], position])

It starts with the bias; with what other users of a map have added to its gradient; or with nothing. A position is 16
samples of one place of the map. Places beside each other (and the groups of 16 samples of a linear layer) lie beside
each other in memory, so that up to 16 of them are summed at once: their sums stay in registers while the survivors of
the row pass by, and each survivor is up to 16 vector operations. With rows split into blocks of inputs, the source of
one block stays in the first-level cache while all rows use it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.epilogue import activated, slope_applied
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.layers import IDENTITY
from tombola.training.sparse.tiles import add_scaled, element, load, splat, store, tile1, tile2, tile4, tile8, tile16

Operation = NDArray[np.int64]
Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


@kernel
def _rows(
    like: Any, op: Operation, arena: Floats, index: Integers, source: int, target: int, values: int, addend: int
) -> None:
    """Sum the tile at `source` into that at `target` (both of feature 0), for all rows."""
    weights, bias, pointer, offsets, rows, blocks = (
        op[at.WEIGHTS],
        op[at.BIAS],
        op[at.POINTER],
        op[at.OFFSETS],
        op[at.ROWS],
        op[at.BLOCKS],
    )
    target_channel, activation, slope, value_channel = (
        op[at.TARGET_CHANNEL],
        op[at.ACTIVATION],
        op[at.SLOPE],
        op[at.VALUES_CHANNEL],
    )
    adding, addend_channel = op[at.ADDEND] >= 0, op[at.ADDEND_CHANNEL]
    for block in range(blocks):
        last = block == blocks - 1
        for row in range(rows):
            first = np.int64(element(index, pointer + block * rows + row))
            end = np.int64(element(index, pointer + block * rows + row + 1))
            place = target + row * target_channel
            if block == 0 and adding:
                sums = load(like, arena, addend + row * addend_channel)
            elif block == 0:
                sums = splat(like, arena[bias + row] if bias >= 0 else np.float32(0))
            elif first == end and not last:
                continue
            else:
                sums = load(like, arena, place)
            for k in range(first, end):
                sums = add_scaled(sums, element(arena, weights + k), arena, source + element(index, offsets + k))
            if last and activation != IDENTITY:
                sums = activated(activation, sums)
            if last and slope != IDENTITY:
                sums = slope_applied(slope, sums, load(like, arena, values + row * value_channel))
            store(sums, arena, place)


@kernel
def weighted_sums(op: Operation, arena: Floats, index: Integers) -> None:
    """Run a `Sums` operation (its fields: `fields.py`)."""
    groups, height, width, widest = op[at.GROUPS], op[at.HEIGHT], op[at.WIDTH], op[at.WIDEST]
    for group in range(groups):
        for y in range(height):
            source = op[at.SOURCE] + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
            target = op[at.TARGET] + group * op[at.TARGET_GROUP] + y * op[at.TARGET_Y]
            values = op[at.VALUES] + group * op[at.VALUES_GROUP] + y * op[at.VALUES_Y]
            addend = op[at.ADDEND] + group * op[at.ADDEND_GROUP] + y * op[at.ADDEND_Y]
            x = 0
            while x < width:
                a, b, c = source + x * op[at.SOURCE_X], target + x * op[at.TARGET_X], values + x * op[at.VALUES_X]
                d = addend + x * op[at.ADDEND_X]
                left = min(width - x, widest)
                if left >= 16:
                    _rows(tile16(0.0), op, arena, index, a, b, c, d)
                    x += 16
                elif left >= 8:
                    _rows(tile8(0.0), op, arena, index, a, b, c, d)
                    x += 8
                elif left >= 4:
                    _rows(tile4(0.0), op, arena, index, a, b, c, d)
                    x += 4
                elif left >= 2:
                    _rows(tile2(0.0), op, arena, index, a, b, c, d)
                    x += 2
                else:
                    _rows(tile1(0.0), op, arena, index, a, b, c, d)
                    x += 1


@kernel
def permute(op: Operation, arena: Floats, index: Integers) -> None:
    """Copy survivors into the order of the transposed layer."""
    source, target, order, count = op[at.SOURCE], op[at.TARGET], op[at.OFFSETS], op[at.COUNT]
    for k in range(count):
        arena[target + k] = element(arena, source + element(index, order + k))

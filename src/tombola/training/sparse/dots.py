"""Weight gradients on survivors: dot products, over all samples and positions, of an output's gradient with an input.

    gradient[k] += sum over positions p: output_gradient[row(k), p] * source[offset[k], p]

The output gradient of up to 16 positions stays in registers while the survivors of its row pass by; eight survivors
are folded
into one vector of eight sums together.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from tombola.training.sparse import fields as at
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Integers, Operation
from tombola.training.sparse.tiles import element, load, tile1, tile2, tile4, tile8, tile16, total
from tombola.training.sparse.vector import (
    FLOAT,
    INT32,
    INT64,
    VECTOR,
    compiled,
    fold,
    load_vector,
    multiply_add,
    pointer,
    store_vector,
    vectors_of,
)


def _adder(count: int) -> Any:
    """Make the function that adds the dot products of `count` survivors to their gradients."""

    @compiled
    def add_dots(typing: Any, tile: Any, arena: Any, source: Any, index: Any, offset: Any, gradient: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            outputs = vectors_of(builder, tile, arguments[0])
            offsets = pointer(context, builder, index, arguments[3], arguments[4], INT32)

            def dot(survivor: int) -> Any:
                narrow = builder.load(builder.gep(offsets, [INT64(survivor)], source_etype=INT32), typ=INT32)
                place = builder.add(arguments[2], builder.sext(narrow, INT64))
                address = pointer(context, builder, arena, arguments[1], place)
                result = builder.fmul(outputs[0], load_vector(builder, address, 0))
                for position, vector in enumerate(outputs[1:], start=1):
                    result = multiply_add(builder, vector, load_vector(builder, address, position), result)
                return result

            def together(first: int, number: int) -> Any:
                """Return a vector in which each 16 / number lanes side by side sum up to one product."""
                if number == 1:
                    return dot(first)
                return _merged(
                    builder, together(first, number // 2), together(first + number // 2, number // 2), number
                )

            sums = _gathered(builder, together(0, count), count)
            address = pointer(context, builder, arena, arguments[1], arguments[5])
            if count == 1:
                before = builder.load(address, typ=FLOAT)
                builder.store(builder.fadd(before, sums), address)
            else:
                before = load_vector(builder, address, 0, ir.VectorType(FLOAT, count))
                store_vector(builder, builder.fadd(before, sums), address, 0)
            return context.get_dummy_value()

        return types.void(tile, arena, types.int64, index, types.int64, types.int64), generate

    return add_dots


def _merged(builder: Any, left: Any, right: Any, number: int) -> Any:
    """Merge two partial vectors of number / 2 survivors each into one of `number`."""
    # Lanes are segments of 32 / number for each survivor: add the halves of every segment, of both vectors side by
    # side.
    segment = 32 // number
    half = segment // 2
    segments = range(0, 16, segment)
    low = [start + lane for base in (0, 16) for start in segments for lane in range(base, base + half)]
    high = [lane + half for lane in low]
    masks = ir.VectorType(INT32, 16)
    return builder.fadd(
        builder.shuffle_vector(left, right, ir.Constant(masks, low)),
        builder.shuffle_vector(left, right, ir.Constant(masks, high)),
    )


def _gathered(builder: Any, merged: Any, number: int) -> Any:
    """Return the sums of `number` segments of a vector, in order."""
    if number == 1:
        return fold(builder, merged)
    while merged.type.count > number:
        count = merged.type.count // 2
        segment = merged.type.count // number
        low = [start + lane for start in range(0, merged.type.count, segment) for lane in range(segment // 2)]
        masks = ir.VectorType(INT32, count)
        undefined = ir.Constant(merged.type, ir.Undefined)
        merged = builder.fadd(
            builder.shuffle_vector(merged, undefined, ir.Constant(masks, low)),
            builder.shuffle_vector(merged, undefined, ir.Constant(masks, [lane + segment // 2 for lane in low])),
        )
    return merged


_add_8, _add_4, _add_1 = _adder(8), _adder(4), _adder(1)
assert VECTOR.count == 16


@kernel
def _rows(like: Any, op: Operation, arena: Floats, index: Integers, source: int, output: int) -> None:
    """Add the products of the tile at `source` with that at `output` (both of feature 0), for all rows."""
    gradient, bias, pointer, offsets, rows, blocks = (
        op[at.WEIGHTS],
        op[at.BIAS],
        op[at.POINTER],
        op[at.OFFSETS],
        op[at.ROWS],
        op[at.BLOCKS],
    )
    output_channel = op[at.TARGET_CHANNEL]
    for block in range(blocks):
        for row in range(rows):
            k = np.int64(element(index, pointer + block * rows + row))
            end = np.int64(element(index, pointer + block * rows + row + 1))
            if block == 0 and bias >= 0:
                outputs = load(like, arena, output + row * output_channel)
                arena[bias + row] += total(outputs)
            elif k == end:
                continue
            else:
                outputs = load(like, arena, output + row * output_channel)
            while k + 8 <= end:
                _add_8(outputs, arena, source, index, offsets + k, gradient + k)
                k += 8
            if k + 4 <= end:
                _add_4(outputs, arena, source, index, offsets + k, gradient + k)
                k += 4
            while k < end:
                _add_1(outputs, arena, source, index, offsets + k, gradient + k)
                k += 1


@kernel
def weight_gradients(op: Operation, arena: Floats, index: Integers) -> None:
    """Run a `Dots` operation (its fields: `fields.py`): sets the gradients of weights and biases."""
    groups, height, width, widest = op[at.GROUPS], op[at.HEIGHT], op[at.WIDTH], op[at.WIDEST]
    arena[op[at.WEIGHTS] : op[at.WEIGHTS] + op[at.COUNT]] = 0.0
    if op[at.BIAS] >= 0:
        arena[op[at.BIAS] : op[at.BIAS] + op[at.ROWS]] = 0.0
    for group in range(groups):
        for y in range(height):
            source = op[at.SOURCE] + group * op[at.SOURCE_GROUP] + y * op[at.SOURCE_Y]
            output = op[at.TARGET] + group * op[at.TARGET_GROUP] + y * op[at.TARGET_Y]
            x = 0
            while x < width:
                a, b = source + x * op[at.SOURCE_X], output + x * op[at.TARGET_X]
                left = min(width - x, widest)
                if left >= 16:
                    _rows(tile16(0.0), op, arena, index, a, b)
                    x += 16
                elif left >= 8:
                    _rows(tile8(0.0), op, arena, index, a, b)
                    x += 8
                elif left >= 4:
                    _rows(tile4(0.0), op, arena, index, a, b)
                    x += 4
                elif left >= 2:
                    _rows(tile2(0.0), op, arena, index, a, b)
                    x += 2
                else:
                    _rows(tile1(0.0), op, arena, index, a, b)
                    x += 1

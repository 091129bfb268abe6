"""Batches: 8-bit images gathered by index, normalised, turned so that the samples of a pixel lie side by side."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Integers, Operation
from tombola.training.sparse.vector import (
    INT32,
    INT64,
    LANES,
    VECTOR,
    compiled,
    multiply_add,
    pointer,
    splat_vector,
    store_vector,
    to_float,
)

BYTE = ir.IntType(8)
BYTES = ir.VectorType(BYTE, LANES)
Images = NDArray[np.uint8]


def interleaved(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose 16 vectors of 16 elements: four times, interleave each vector with the one eight places further."""
    masks = ir.VectorType(INT32, LANES)
    low = ir.Constant(masks, [lane for pair in zip(range(8), range(16, 24), strict=True) for lane in pair])
    high = ir.Constant(masks, [lane for pair in zip(range(8, 16), range(24, 32), strict=True) for lane in pair])
    for _ in range(4):
        pairs = zip(rows[:8], rows[8:], strict=True)
        rows = [builder.shuffle_vector(a, b, mask) for a, b in pairs for mask in (low, high)]
    return rows


@compiled
def spread(
    typing: Any,
    images: Any,
    starts: Any,
    pixel: Any,
    arena: Any,
    target: Any,
    index: Any,
    places: Any,
    scale: Any,
    shift: Any,
) -> Any:
    """Store 16 pixels of 16 images, as ``pixel * scale + shift``, each pixel's images side by side.

    Image i begins at ``images[starts[i]]``; its pixels from `pixel` on go to ``target + index[places:]`` in the arena.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        begin = pointer(context, builder, starts, arguments[1], INT64(0), INT64)
        rows = []
        for lane in range(LANES):
            start = builder.load(builder.gep(begin, [INT64(lane)], source_etype=INT64), typ=INT64)
            address = pointer(context, builder, images, arguments[0], builder.add(start, arguments[2]), BYTE)
            rows.append(builder.load(builder.bitcast(address, BYTES.as_pointer()), align=1, typ=BYTES))
        factor, constant = (
            splat_vector(builder, to_float(context, builder, signature.args[n], arguments[n])) for n in (7, 8)
        )
        table = pointer(context, builder, index, arguments[5], arguments[6], INT32)
        for position, column in enumerate(interleaved(builder, rows)):
            value = builder.uitofp(builder.zext(column, ir.VectorType(INT32, LANES)), VECTOR)
            value = multiply_add(builder, value, factor, constant)
            place = builder.load(builder.gep(table, [INT64(position)], source_etype=INT32), typ=INT32)
            place = builder.add(arguments[4], builder.sext(place, INT64))
            store_vector(builder, value, pointer(context, builder, arena, arguments[3], place), 0)
        return context.get_dummy_value()

    integer, real = types.int64, types.float32
    return types.void(images, starts, integer, arena, integer, index, integer, real, real), generate


@kernel
def gather(op: Operation, arena: Floats, index: Integers, images: Images, samples: NDArray[np.int64]) -> None:
    """Fill the input map with the images of a batch.

    ROWS channels of COUNT pixels; OFFSETS: for every pixel its place in the map of a group (in the index); WEIGHTS,
    BIAS: scale
    and shift by channel. Lanes beyond the batch repeat its first image: they compute what a sample computes, and
    their gradient is 0, so that padding is never seen.
    """
    starts = np.empty(16, np.int64)
    channels, count = op[at.ROWS], op[at.COUNT]
    size = channels * count
    for group in range(op[at.GROUPS]):
        for lane in range(16):
            number = group * 16 + lane
            starts[lane] = samples[number if number < len(samples) else 0] * size
        target = op[at.TARGET] + group * op[at.TARGET_GROUP]
        for channel in range(channels):
            scale, shift = arena[op[at.WEIGHTS] + channel], arena[op[at.BIAS] + channel]
            first, end = channel * count, (channel + 1) * count
            if count >= 16:
                # the last 16 pixels overlap those before them where 16 does not divide the map
                for pixel in range(first, end - 15, 16):
                    spread(images, starts, pixel, arena, target, index, op[at.OFFSETS] + pixel, scale, shift)
                if count % 16:
                    spread(images, starts, end - 16, arena, target, index, op[at.OFFSETS] + end - 16, scale, shift)
            else:
                for pixel in range(first, end):
                    place = target + index[op[at.OFFSETS] + pixel]
                    for lane in range(16):
                        arena[place + lane] = np.float32(images[starts[lane] + pixel]) * scale + shift

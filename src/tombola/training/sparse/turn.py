"""Between the layout of other engines, all values of a sample side by side, and that of maps: 16 samples side by side.

Tiles of 16 samples by 16 values are turned in registers.
"""

from typing import Any

import numpy as np
from numba import types

from tombola.training.sparse import fields as at
from tombola.training.sparse.gather import interleaved
from tombola.training.sparse.kernels import kernel
from tombola.training.sparse.sums import Floats, Integers, Operation
from tombola.training.sparse.vector import (
    FLOAT,
    INT32,
    INT64,
    LANES,
    VECTOR,
    compiled,
    load_vector,
    pointer,
    store_vector,
)

INWARD, OUTWARD = 0, 1


def _turner(direction: int) -> Any:
    """Make the function that turns a tile from rows of samples into a map, or out of it."""

    @compiled
    def turn_tile(typing: Any, arena: Any, row: Any, length: Any, target: Any, index: Any, places: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            table = pointer(context, builder, index, arguments[4], arguments[5], INT32)

            def sample(lane: int) -> Any:
                place = builder.add(arguments[1], builder.mul(arguments[2], INT64(lane)))
                return pointer(context, builder, arena, arguments[0], place)

            def value(position: int) -> Any:
                place = builder.load(builder.gep(table, [INT64(position)], source_etype=INT32), typ=INT32)
                place = builder.add(arguments[3], builder.sext(place, INT64))
                return pointer(context, builder, arena, arguments[0], place)

            source, destination = (sample, value) if direction == INWARD else (value, sample)
            vectors = [load_vector(builder, source(number), 0) for number in range(LANES)]
            for number, vector in enumerate(interleaved(builder, vectors)):
                store_vector(builder, vector, destination(number), 0)
            return context.get_dummy_value()

        integer = types.int64
        return types.void(arena, integer, integer, integer, index, integer), generate

    return turn_tile


_inward, _outward = _turner(INWARD), _turner(OUTWARD)
assert VECTOR.element == FLOAT


@kernel
def turn(op: Operation, arena: Floats, index: Integers) -> None:
    """Turn rows of COUNT values at SOURCE, one for each sample, into the map at TARGET; or the map into the rows.

    SIZE: the direction; OFFSETS: for every value of a row its place in the map of a group (in the index).
    """
    count = op[at.COUNT]
    for first in range(0, count, 16):
        # the last 16 values overlap those before them where 16 does not divide the row
        value = min(first, count - 16)
        for group in range(op[at.GROUPS]):
            row = op[at.SOURCE] + group * op[at.SOURCE_GROUP]
            target = op[at.TARGET] + group * op[at.TARGET_GROUP]
            if value < 0:
                _slowly(op, arena, index, row, target)
            elif op[at.SIZE] == INWARD:
                _inward(arena, row + value, count, target, index, op[at.OFFSETS] + value)
            else:
                _outward(arena, row + value, count, target, index, op[at.OFFSETS] + value)


@kernel
def _slowly(op: Operation, arena: Floats, index: Integers, row: int, target: int) -> None:
    """Turn fewer than 16 values of 16 samples."""
    for value in range(op[at.COUNT]):
        place = target + np.int64(index[op[at.OFFSETS] + value])
        for lane in range(16):
            if op[at.SIZE] == INWARD:
                arena[place + lane] = arena[row + lane * op[at.COUNT] + value]
            else:
                arena[row + lane * op[at.COUNT] + value] = arena[place + lane]

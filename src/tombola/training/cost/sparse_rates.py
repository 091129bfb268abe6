"""What the sparse engine's kernels cost here: each measured alone, as the engine runs it."""

from dataclasses import replace

import numpy as np

from tombola.training.cost.element_rates import ADAM_RECIPE, SIDE, element_rates
from tombola.training.cost.programs import nanoseconds
from tombola.training.cost.tile_rates import STREAM, WIDTHS, SparseRates, TileRates
from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, View
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.optimise import ADAM
from tombola.training.sparse.vector import LANES

NEAR, MIDDLE, FAR = 24 << 10, 256 << 10, 4 << 20
"""Bytes that a row's survivors draw from: in the first-level cache, the second, beyond."""

VECTOR = 4 * LANES
MAP = 32 << 20
"""Bytes of a map that no cache holds, as large maps do not stay in one from their making to their use."""

CHANNELS = (4, 64)
"""Of the networks whose element-wise operations are measured: maps within the caches, and beyond."""


def measure_sparse() -> SparseRates:
    """Measure, in about half a second once kernels are compiled."""
    sums, dots = (_kernel(code) for code in (at.SUMS, at.DOTS))
    counts = (1 << 14, 1 << 18, 1 << 21)
    little, large = (element_rates(channels) for channels in CHANNELS)
    sizes = [float(4 * channels * SIDE * SIDE * VECTOR) for channels in CHANNELS]
    return SparseRates(
        sums=sums,
        dots=dots,
        permute=[(float(count), _permute(count) / count) for count in counts],
        optimiser=[(float(count), _optimise(count) / count) for count in counts],
        element={name: [(sizes[0], small), (sizes[1], large[name])] for name, small in little.items()},
        step=500.0,
    )


def _kernel(code: int) -> dict[int, TileRates]:
    """Return the rates of a kernel by width; the memory that large maps take is measured once, for the widest."""
    tiles = {width: _tiles(code, width) for width in WIDTHS}
    widest = tiles[SIDE // 2]
    once, more = (_map_row(code, blocks) - 2 * blocks * widest.survivors[0][1] for blocks in (1, 3))
    far, again = max(once - widest.row, 0.0) / widest.width, max((more - once) / 2 - widest.row, 0.0) / widest.width
    return {
        width: replace(tile, far=tile.row + far * width, again=tile.row + again * width)
        for width, tile in tiles.items()
    }


def _tiles(code: int, width: int) -> TileRates:
    few, many = (_tile(code, width, 64, count, NEAR) for count in (2, 64))
    near = max(many - few, 0.1) / 62
    row = max(few - 2 * near, 0.1)
    middle = max((_tile(code, width, 64, 64, MIDDLE) - row) / 64, near)
    rows = STREAM // 256
    stream = max((_tile(code, width, rows, 256, NEAR) - row) / 256 - near, 0.0)
    far = max((_tile(code, width, rows, 256, FAR) - row) / 256 - stream, middle)
    return TileRates(width, row, row, row, [(float(NEAR), near), (float(MIDDLE), middle), (float(FAR), far)], stream)


def _tile(code: int, width: int, rows: int, survivors: int, drawn: int) -> float:
    """Return nanoseconds for one row of a block, of so many survivors drawing from so many bytes."""
    return _sums(code, width, 1, 1, rows, 1, survivors, drawn) / rows


def _map_row(code: int, blocks: int) -> float:
    """Return nanoseconds for one tile of one row of a large map, in so many blocks of two survivors each."""
    rows = MAP // (SIDE * SIDE * VECTOR)
    return _sums(code, SIDE // 2, SIDE, 1, rows, blocks, 2, NEAR) / (rows * SIDE * 2)


def _sums(code: int, width: int, side: int, groups: int, rows: int, blocks: int, survivors: int, drawn: int) -> float:
    """Return nanoseconds of an operation on tiles of a width: one of them, or a map of `side` x `side`."""
    arena, size = Arena(), width * LANES
    height, across = (1, width) if side == 1 else (side, side)
    places = max(drawn // (4 * size), 1)
    source = arena.reserve(places * size + across * LANES)
    channel = height * across * LANES
    target = arena.reserve(groups * rows * channel)
    weights = arena.reserve(blocks * rows * survivors)
    generator = np.random.default_rng(0)
    offsets = np.sort(generator.integers(0, places, (blocks * rows, survivors)), axis=1) * size
    operations = Operations()
    operations.add(
        code,
        source=View(source, 0, 0, 0, LANES),
        target=View(target, rows * channel, channel, across * LANES, LANES),
        weights=weights,
        pointer=arena.table(np.arange(blocks * rows + 1) * survivors),
        offsets=arena.table(offsets),
        rows=rows,
        blocks=blocks,
        groups=groups,
        height=height,
        width=across,
        widest=16,
        count=0,  # gradients are not cleared
    )
    return nanoseconds(operations, arena)


def _permute(count: int) -> float:
    arena, operations = Arena(), Operations()
    source, target = (View(arena.reserve(count), 0, 0, 0, 0) for _ in range(2))
    order = arena.table(np.random.default_rng(0).permutation(count))
    operations.add(at.PERMUTE, source=source, target=target, offsets=order, count=count)
    return nanoseconds(operations, arena)


def _optimise(count: int) -> float:
    arena, operations = Arena(), Operations()
    weights, gradients, first, second = (arena.reserve(count) for _ in range(4))
    operations.add(
        at.OPTIMISE,
        weights=weights,
        bias=gradients,
        first_state=first,
        second_state=second,
        count=count,
        size=ADAM,
        real=ADAM_RECIPE.constants,
    )
    return nanoseconds(operations, arena)

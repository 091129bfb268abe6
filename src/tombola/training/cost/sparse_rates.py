"""What the sparse engine's kernels cost here: each measured alone, as the engine runs it."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from tombola.training.cost.tile_rates import STREAM, WIDTHS, SparseRates, TileRates
from tombola.training.cost.timing import seconds
from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import Arena, View
from tombola.training.sparse.compile import Compiler, Recipe
from tombola.training.sparse.layers import RELU, TANH, chain
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.optimise import ADAM
from tombola.training.sparse.run import run
from tombola.training.sparse.vector import LANES

NEAR, MIDDLE, FAR = 24 << 10, 256 << 10, 4 << 20
"""Bytes that a row's survivors draw from: in the first-level cache, the second, beyond."""

VECTOR = 4 * LANES
MAP = 32 << 20
"""Bytes of a map that no cache holds, as large maps do not stay in one from their making to their use."""

SIDE, CHANNELS = 32, (4, 64)
"""Maps of the network whose element-wise operations are measured: within the caches, and beyond."""

ADAM_RECIPE = Recipe(ADAM, (0.9, 0.999, 1e-8, 0.0))


def measure_sparse() -> SparseRates:
    """Measure, in about half a second once kernels are compiled."""
    sums, dots = (_kernel(code) for code in (at.SUMS, at.DOTS))
    counts = (1 << 14, 1 << 18, 1 << 21)
    little, large = (_elements(channels) for channels in CHANNELS)
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
    return _timed(operations, arena)


def _permute(count: int) -> float:
    arena, operations = Arena(), Operations()
    source, target = (View(arena.reserve(count), 0, 0, 0, 0) for _ in range(2))
    order = arena.table(np.random.default_rng(0).permutation(count))
    operations.add(at.PERMUTE, source=source, target=target, offsets=order, count=count)
    return _timed(operations, arena)


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
    return _timed(operations, arena)


def _elements(channels: int) -> dict[str, float]:
    """Time the operations of a small real network, and activations, per vector."""
    body = (nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.MaxPool2d(2), nn.Flatten())
    module = nn.Sequential(*body, nn.Linear(channels * (SIDE // 2) ** 2, 10))
    one, mask = np.ones(1, np.float32), {"4.weight": torch.zeros(10, channels * (SIDE // 2) ** 2) > 0}
    compiled = Compiler(chain(module, (3, SIDE, SIDE)), mask, (3, SIDE, SIDE), 64, one, one, ADAM_RECIPE)
    vectors = {"gather": (at.GATHER, 3 * SIDE * SIDE), "loss": (at.LOSS, 10)}
    for name, code in (("pool", at.POOL), ("pool_back", at.POOL_BACK), ("norm", at.NORM), ("norm_back", at.NORM_BACK)):
        vectors[name] = (code, channels * SIDE * SIDE)
    found = {}
    for name, (code, count) in vectors.items():
        chosen = Operations()
        for row, real in zip(compiled.training.rows, compiled.training.reals, strict=True):
            if row[at.CODE] == code:
                chosen.rows, chosen.reals = [row], [real]
        found[name] = _timed(chosen, compiled.arena, 64) / (4 * count)
    return found | {"relu": _activation(RELU), "tanh": _activation(TANH)}


def _activation(number: int, count: int = 1 << 10) -> float:
    arena, operations = Arena(), Operations()
    source, target = (View(arena.reserve(count * LANES), 0, LANES, 0, LANES) for _ in range(2))
    operations.add(
        at.MAP,
        source=source,
        target=target,
        activation=number,
        rows=1,
        height=1,
        width=count,
        groups=1,
        source_channel=0,
    )
    return _timed(operations, arena) / count


def _timed(operations: Operations, arena: Arena, batch: int = 1, least: float = 4e-4) -> float:
    """Return nanoseconds of a program, repeated without Python in between."""
    program, real = operations.tables()
    floats, index = arena.floats(), arena.integers()
    images, labels = np.zeros(3 * SIDE * SIDE, np.uint8), np.zeros(1, np.int64)
    totals = np.zeros(2)

    def repeat(times: int) -> None:
        samples, rates = np.zeros(times * batch, np.int64), np.full(times, 1e-3)
        run(program, real, floats, index, images, labels, samples, batch, rates, 0, totals)

    repeat(1)
    once = seconds(lambda: repeat(1), 1, warm=False)
    times = max(1, int(least / max(once, 1e-7)))
    return seconds(lambda: repeat(times), 3, warm=False) * 1e9 / times


def warm() -> None:
    """Run an empty program: compiles the kernels, or reads them from the disk."""
    _timed(Operations(), Arena(), 1)

"""Timing programs of the sparse engine, repeated without Python in between."""

import numpy as np

from tombola.training.cost.timing import seconds
from tombola.training.sparse.arena import Arena
from tombola.training.sparse.operations import Operations
from tombola.training.sparse.run import run

IMAGE = 3 * 32 * 32
"""Bytes of the image that every sample is."""


def nanoseconds(operations: Operations, arena: Arena, batch: int = 1, least: float = 4e-4) -> float:
    """Return nanoseconds of a program that runs in an arena, on batches of a size."""
    program, real = operations.tables()
    floats, index = arena.floats(), arena.integers()
    images, labels = np.zeros(IMAGE, np.uint8), np.zeros(1, np.int64)
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
    nanoseconds(Operations(), Arena(), 1)

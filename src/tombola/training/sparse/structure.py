"""The survivors of a layer, ordered for the kernels: by block of inputs, row (output), input.

The same kernel computes the input gradient from the transposed structure: rows are inputs, sources are output
gradients.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

CACHE = 24 * 1024
"""Bytes of the first-level cache that the source of a block may fill."""

FEWEST = 8
"""Survivors per row and block below which a block costs more (sums are loaded and stored once more) than it saves."""


@dataclass(frozen=True)
class Structure:
    """Survivors in the order of a kernel.

    Attributes
    ----------
    order
        Which survivor (in the order given) comes when.
    pointer
        Where each row of each block begins.
    offsets
        Place of each survivor's source, relative to that of the first feature at the same position.
    rows, blocks
        How many.
    """

    order: Integers
    pointer: Integers
    offsets: Integers
    rows: int
    blocks: int


def arrange(
    rows: Integers, features: Integers, offsets: Integers, count: int, sources: int, bytes_each: int
) -> Structure:
    """Order survivors.

    Parameters
    ----------
    rows, features, offsets
        Row, source feature (or channel) and source offset of every survivor.
    count, sources
        Number of rows and of source features.
    bytes_each
        Bytes of a source feature that one pass over the rows reads.
    """
    wanted = -(-sources * bytes_each // CACHE)
    blocks = max(1, min(wanted, len(rows) // max(FEWEST * count, 1)))
    block = features * blocks // max(sources, 1)
    key = block * count + rows
    order = np.lexsort((offsets, key))
    pointer = np.zeros(blocks * count + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=blocks * count), out=pointer[1:])
    return Structure(order, pointer, offsets[order], count, blocks)

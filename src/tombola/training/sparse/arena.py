"""One stretch of floats and one of integers hold everything of a compiled network; who lies where in them."""

from dataclasses import astuple, dataclass, field

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse.vector import LANES


def padded(count: int) -> int:
    """Return the next multiple of 16."""
    return -(-count // LANES) * LANES


@dataclass
class Arena:
    """Reserves room; `floats` makes it, aligned to cache lines and zero."""

    size: int = 0
    tables: list[NDArray[np.int32]] = field(default_factory=list)
    table_size: int = 0
    initial: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)

    def reserve(self, count: int) -> int:
        """Return the address of `count` new floats, all 0."""
        address = self.size
        self.size += padded(count)
        return address

    def constant(self, values: NDArray[np.float32]) -> int:
        """Return the address of floats that begin with given values."""
        address = self.reserve(values.size)
        self.initial.append((address, values))
        return address

    def table(self, values: NDArray[np.integer]) -> int:
        """Return the address of a table of integers."""
        limits = np.iinfo(np.int32)
        if values.size and not (limits.min <= values.min() and values.max() <= limits.max):
            raise OverflowError("a feature map is too large for 32-bit offsets")
        address = self.table_size
        self.tables.append(values.astype(np.int32).ravel())
        self.table_size += values.size
        return address

    def floats(self) -> NDArray[np.float32]:
        """Return the floats."""
        room = np.zeros(self.size + LANES, np.float32)
        skipped = -(room.ctypes.data // 4) % LANES
        arena = room[skipped : skipped + self.size]
        for address, values in self.initial:
            arena[address : address + values.size] = values.ravel()
        return arena

    def integers(self) -> NDArray[np.int32]:
        """Return the integers."""
        return np.concatenate([*self.tables, np.zeros(1, np.int32)])


@dataclass(frozen=True)
class View:
    """Where the values of a map lie: begin, and distances of groups of 16 samples, channels, rows and columns."""

    base: int
    group: int
    channel: int
    y: int
    x: int


@dataclass(frozen=True)
class Halo:
    """Rows and columns of zeros around each channel of a map, so that convolutions need no borders."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    def around(self, other: "Halo") -> "Halo":
        """Return the smallest halo that holds both."""
        return Halo(*map(max, astuple(self), astuple(other)))


NO_HALO = Halo()


def image_view(arena: Arena, shape: tuple[int, int, int], groups: int, halo: Halo) -> View:
    """Reserve a map of layout (group, channel, row, column, 16 samples)."""
    channels, height, width = shape
    y = (width + halo.left + halo.right) * LANES
    channel = (height + halo.top + halo.bottom) * y
    base = arena.reserve(groups * channels * channel)
    return View(base + halo.top * y + halo.left * LANES, channels * channel, channel, y, LANES)


def feature_view(arena: Arena, shape: tuple[int, int, int], groups: int) -> View:
    """Reserve a map of layout (feature, samples), features in the order of channel, row, column."""
    channels, height, width = shape
    lanes = groups * LANES
    return View(arena.reserve(channels * height * width * lanes), LANES, height * width * lanes, width * lanes, lanes)

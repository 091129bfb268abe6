"""What pandas writes into a pickled table: inert stand-ins, so that reading a table runs nothing of pandas."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from tombola.interop.restricted_arrays import ARRAYS, NDARRAY, Array, ArrayType
from tombola.interop.restricted_builders import Builder, Inert, MalformedError, named

Column = np.ndarray[Any, Any] | list[Any]
"""Numbers, or a list of texts and tuples."""

LARGEST = 1 << 24
"""Entries of one table; the largest published one has a few thousand."""


@dataclass(frozen=True)
class Range:
    """Stands for ``slice`` and for a range of rows."""

    start: int
    stop: int
    step: int

    def entries(self) -> list[int]:
        """Return the numbers in it."""
        numbers = range(self.start, self.stop, self.step)
        if len(numbers) > LARGEST:
            raise MalformedError("is damaged: a table of impossible length")
        return list(numbers)


@dataclass(frozen=True)
class Block:
    """Columns of one type: values (column, row), and which columns of the table they are."""

    values: Column
    places: list[int]


@dataclass
class Manager(Inert):
    """Stands for pandas' ``BlockManager``, in the form of pandas 1.3 and later, or of before."""

    blocks: list[Block] = field(default_factory=list)
    axes: list[Any] = field(default_factory=list)

    def build(self, state: Any) -> None:
        """Take axes and blocks as older versions of pandas wrote them."""
        newest = state[3].get("0.14.1") if isinstance(state, tuple) and len(state) == 4 else None
        if not isinstance(newest, dict) or type(newest.get("blocks")) is not list:
            raise MalformedError("is damaged: a table without columns")
        self.axes = list(newest.get("axes", ()))
        self.blocks = [_block((block.get("values"), block.get("mgr_locs"))) for block in newest["blocks"]]


@dataclass
class Table(Inert):
    """Stands for ``DataFrame``."""

    manager: Manager | None = None

    def build(self, state: Any) -> None:
        """Take the columns; names and flags of the table as a whole mean nothing here."""
        manager = state.get("_mgr", state.get("_data")) if isinstance(state, dict) else None
        if not isinstance(manager, Manager):
            raise MalformedError("is damaged: a table without columns")
        self.manager = manager


def entries(value: Any) -> list[Any]:
    """Return what an axis or a column holds, in order."""
    if isinstance(value, Range):
        return value.entries()
    if isinstance(value, Array):
        return list(value.numbers) if value.numbers is not None else list(value.objects or ())
    raise MalformedError("is damaged: an axis of an unknown kind")


class TableArray(Array):
    """Stands for an array in a table, whose entries may lie column by column."""

    def build(self, state: Any) -> None:
        """Take shape, type and content, and put objects in row-major order."""
        super().build(state)
        _, shape, _, by_column, _ = state
        if self.objects is not None and by_column and len(shape) == 2:
            rows, columns = shape
            self.objects = [self.objects[rows * c + r] for r in range(rows) for c in range(columns)]


def _reconstruct(arguments: tuple[Any, ...]) -> Array:
    if len(arguments) != 3 or arguments[0] is not NDARRAY:
        raise MalformedError("is damaged: an array of an unknown kind")
    return TableArray()


def _frombuffer(arguments: tuple[Any, ...]) -> Array:
    if len(arguments) != 4 or not isinstance(arguments[1], ArrayType) or arguments[3] not in ("C", "F"):
        raise MalformedError("is damaged: an array of an unknown kind")
    content, kind, shape, order = arguments
    made = Array()
    if not isinstance(content, bytes | bytearray):
        raise MalformedError("is damaged: an array without content")
    made.build((1, shape, kind, order == "F", bytes(content)))
    return made


def _slice(arguments: tuple[Any, ...]) -> Range:
    if len(arguments) != 3 or not all(type(part) is int or part is None for part in arguments):
        raise MalformedError("is damaged: a span of columns that cannot be")
    start, stop, step = arguments
    return Range(start or 0, stop or 0, step or 1)


def _block(arguments: tuple[Any, ...]) -> Block:
    values, places = (*arguments, None, None)[:2]
    if not isinstance(values, Array):
        raise MalformedError("holds a table of something else than numbers and texts")
    found: Column = values.numbers if values.numbers is not None else list(values.objects or ())
    return Block(found, [int(place) for place in entries(places)])


def _manager(arguments: tuple[Any, ...]) -> Manager:
    if len(arguments) != 2 or not isinstance(arguments[0], tuple) or type(arguments[1]) is not list:
        raise MalformedError("is damaged: a table without columns")
    if not all(isinstance(block, Block) for block in arguments[0]):
        raise MalformedError("is damaged: a table of unknown columns")
    return Manager(list(arguments[0]), arguments[1])


def _index(arguments: tuple[Any, ...]) -> Any:
    if len(arguments) != 2 or not isinstance(arguments[1], dict):
        raise MalformedError("is damaged: an axis of an unknown kind")
    given = arguments[1]
    if "data" in given:
        return given["data"]
    return _slice((given.get("start"), given.get("stop"), given.get("step")))


TABLES = ("pandas.core.frame.DataFrame", "pandas.DataFrame")
AXES = (
    *(
        "pandas.core.indexes.base.Index",
        "pandas.core.indexes.range.RangeIndex",
        "pandas.core.indexes.numeric.Int64Index",
    ),
    *("pandas.Index", "pandas.RangeIndex"),
)
MANAGERS = ("pandas.core.internals.managers.BlockManager", "pandas._libs.internals.BlockManager")
ARRAY_MAKERS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
BUFFER_READERS = ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")

TABLE_NAMES = named(
    *(Builder(name, new=Table) for name in TABLES),
    *(Builder(name, call=_manager, new=Manager) for name in MANAGERS),
    *(Builder(name) for name in AXES),
    *(Builder(name, _reconstruct) for name in ARRAY_MAKERS),
    *(Builder(name, _frombuffer) for name in BUFFER_READERS),
    *(Builder(name, _slice) for name in ("builtins.slice", "__builtin__.slice")),
    Builder("pandas._libs.internals._unpickle_block", _block),
    Builder("pandas.core.indexes.base._new_Index", _index),
)
FRAMES = MappingProxyType(dict(ARRAYS) | dict(TABLE_NAMES))
"""The names that a pickled table may use."""

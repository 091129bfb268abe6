"""Tables that pandas pickled, read without pandas and without unpickling: columns by name."""

from pathlib import Path

import numpy as np

from tombola.errors import TombolaError
from tombola.interop.restricted_builders import MalformedError
from tombola.interop.restricted_opcodes import PICKLE_LIMIT, load
from tombola.interop.sparse_analysis.frame_builders import FRAMES, Column, Table, entries


def read_frame(path: Path) -> dict[str, Column]:
    """Return a pickled table's columns by name; its opcodes are interpreted, nothing in it is called.

    Raises
    ------
    TombolaError
        One sentence that names the file, if it is damaged, or asks for more than a table needs.
    """
    try:
        with path.open("rb") as file:
            content = file.read(PICKLE_LIMIT + 1)
        value, _ = load(content, FRAMES)
        return _columns(value)
    except MalformedError as error:
        raise TombolaError(f"{path} {error}") from error
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error


def _columns(value: object) -> dict[str, Column]:
    if not isinstance(value, Table) or value.manager is None or len(value.manager.axes) != 2:
        raise MalformedError("holds no table of pandas")
    names, rows = (entries(axis) for axis in value.manager.axes)
    if not all(isinstance(name, str) for name in names):
        raise MalformedError("holds a table whose columns have no names")
    found: dict[str, Column] = {}
    for block in value.manager.blocks:
        for place, column in zip(block.places, _split(block.values, len(block.places), len(rows)), strict=True):
            if not 0 <= place < len(names):
                raise MalformedError("is damaged: a table with more columns than names")
            found[names[place]] = column
    if len(found) != len(names):
        raise MalformedError("is damaged: a table with more names than columns")
    return {name: found[name] for name in names}


def _split(values: Column, columns: int, rows: int) -> list[Column]:
    """Return a block's columns one by one."""
    if isinstance(values, np.ndarray):
        if values.shape not in ((columns, rows), (rows,)):
            raise MalformedError("is damaged: columns and rows of a table do not fit")
        return list(values.reshape(columns, rows))
    if len(values) != columns * rows:
        raise MalformedError("is damaged: columns and rows of a table do not fit")
    return [values[rows * i : rows * (i + 1)] for i in range(columns)]

"""Rows of the operation table, built by name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse import fields as at
from tombola.training.sparse.arena import View


class Operations:
    """A program in the making: rows of integers, and of real constants beside them."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.int64]] = []
        self.reals: list[Sequence[float]] = []

    def add(
        self,
        code: int,
        *,
        source: View | None = None,
        target: View | None = None,
        values: View | None = None,
        addend: View | None = None,
        real: Sequence[float] = (),
        **fields: int,
    ) -> None:
        """Append an operation: views, and other fields by their name in lower case."""
        row = np.zeros(at.COLUMNS, np.int64)
        row[at.CODE] = code
        row[at.BIAS] = row[at.TARGET] = row[at.ADDEND] = -1
        for name, view in (("SOURCE", source), ("TARGET", target), ("VALUES", values), ("ADDEND", addend)):
            if view is not None:
                row[getattr(at, name)] = view.base
                for part in ("group", "channel", "y", "x"):
                    row[getattr(at, f"{name}_{part.upper()}")] = getattr(view, part)
        for name, value in fields.items():
            row[getattr(at, name.upper())] = value
        self.rows.append(row)
        self.reals.append([*real, *[0.0] * (at.REALS - len(real))])

    def extend(self, other: "Operations") -> None:
        """Append another program."""
        self.rows += other.rows
        self.reals += other.reals

    def tables(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the program."""
        return np.array(self.rows, np.int64).reshape(-1, at.COLUMNS), np.array(self.reals, np.float64).reshape(
            -1, at.REALS
        )

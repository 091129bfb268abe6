"""The units of one layer, as distances see them: rows of weights and which of them are kept."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Int8, Shaped

from tombola.errors import TombolaError

Order = Int[np.ndarray, " n"]
"""Positions to take, in order."""


@dataclass(frozen=True, eq=False)
class Units:
    """One layer as rows: one per unit (row of a linear layer, filter of a convolution), flattened.

    A survivor may be exactly 0: `keep` says what is pruned, never the value.

    Attributes
    ----------
    keep
        Which weights remain.
    values
        The weights, 0 where pruned.
    """

    keep: Bool[np.ndarray, "unit input"]
    values: Float[np.ndarray, "unit input"]

    @classmethod
    def of(cls, weight: Float[np.ndarray, "unit ..."], keep: Bool[np.ndarray, "unit ..."] | None = None) -> "Units":
        """Return the units of a weight tensor, output units first.

        Parameters
        ----------
        weight
            As in ``state_dict()``: (out, in) or (out, in, height, width).
        keep
            Which weights remain; by default those that are not 0 (files without masks).

        Raises
        ------
        TombolaError
            If shapes differ, or a survivor is not finite.
        """
        weight = np.asarray(weight, np.float32)
        keep = weight != 0 if keep is None else np.asarray(keep, bool)
        if keep.shape != weight.shape:
            raise TombolaError(f"a mask of shape {[*keep.shape]} does not fit weights of shape {[*weight.shape]}")
        values = np.where(keep, weight, np.float32(0))
        if not np.isfinite(values).all():
            raise TombolaError("a surviving weight is not finite, so it has no distance to others")
        rows = len(weight)
        return cls(keep.reshape(rows, -1), values.reshape(rows, -1))

    def __len__(self) -> int:
        return len(self.keep)

    @cached_property
    def signs(self) -> Int8[np.ndarray, "unit input"]:
        """1, 0, -1; 0 where pruned and where a survivor is 0."""
        return np.asarray(np.sign(self.values), np.int8)

    @cached_property
    def sizes(self) -> Int[np.ndarray, " unit"]:
        """Survivors of every unit."""
        return np.asarray(np.count_nonzero(self.keep, axis=1))

    @cached_property
    def ascending(self) -> Float[np.ndarray, "unit input"]:
        """The values of each unit, sorted, as float64."""
        if "origin" in self.__dict__:  # another order of inputs changes nothing here
            units, rows = self.__dict__["origin"]
            return _taken(units.ascending, rows, None)
        return np.sort(self.values, axis=1).astype(np.float64)

    @cached_property
    def signed(self) -> bool:
        """Whether every survivor has a sign: none is exactly 0."""
        return int(np.count_nonzero(self.signs)) == int(self.sizes.sum())

    def taken(self, rows: Order | None = None, columns: Order | None = None) -> "Units":
        """Return units in another order, with inputs in another order; None leaves an order as it is."""
        if rows is None and columns is None:
            return self
        taken = Units(_taken(self.keep, rows, columns), _taken(self.values, rows, columns))
        taken.__dict__["signs"] = _taken(self.signs, rows, columns)
        taken.__dict__["signed"] = self.signed
        taken.__dict__["origin"] = self, rows
        taken.__dict__["sizes"] = self.sizes if rows is None else self.sizes[rows]
        return taken

    def whole(self) -> "Units":
        """Return the layer as a single unit: what pooled values are computed of."""
        return Units(self.keep.reshape(1, -1), self.values.reshape(1, -1))


def _taken(
    array: Shaped[np.ndarray, "unit input"], rows: Order | None, columns: Order | None
) -> Shaped[np.ndarray, "unit input"]:
    if rows is not None:
        array = array[rows]
    return array if columns is None else np.take(array, columns, axis=1)

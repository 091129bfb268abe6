"""The units of one layer, as distances see them: rows of weights and which of them are kept."""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Int8, Shaped

from tombola.errors import TombolaError

Order = Int[np.ndarray, " n"]
"""Positions to take, in order."""


class Units:
    """One layer as rows: one per unit (row of a linear layer, filter of a convolution), flattened.

    A survivor may be exactly 0: `keep` says what is pruned, never the value.

    Parameters
    ----------
    keep
        Which weights remain.
    values
        The weights, 0 where pruned.
    """

    def __init__(self, keep: Bool[np.ndarray, "unit input"], values: Float[np.ndarray, "unit input"]) -> None:
        self.__dict__.update(keep=keep, values=values)
        self._origin: tuple[Units, Order | None, Order | None] | None = None

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
        return self.shape[0]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Units and inputs."""
        return self._origin[0].shape if self._origin else (self.keep.shape[0], self.keep.shape[1])

    @cached_property
    def keep(self) -> Bool[np.ndarray, "unit input"]:
        """Which weights remain."""
        return self._moved("keep")

    @cached_property
    def values(self) -> Float[np.ndarray, "unit input"]:
        """The weights, 0 where pruned."""
        return self._moved("values")

    @cached_property
    def signs(self) -> Int8[np.ndarray, "unit input"]:
        """1, 0, -1; 0 where pruned and where a survivor is 0."""
        return self._moved("signs") if self._origin else np.asarray(np.sign(self.values), np.int8)

    @cached_property
    def sizes(self) -> Int[np.ndarray, " unit"]:
        """Survivors of every unit."""
        return self._of_rows("sizes") if self._origin else np.count_nonzero(self.keep, axis=1)

    @cached_property
    def positive(self) -> Int[np.ndarray, " unit"]:
        """Survivors above 0 of every unit."""
        return self._of_rows("positive") if self._origin else np.count_nonzero(self.values > 0, axis=1)

    @cached_property
    def negative(self) -> Int[np.ndarray, " unit"]:
        """Survivors below 0 of every unit."""
        return self._of_rows("negative") if self._origin else np.count_nonzero(self.values < 0, axis=1)

    @cached_property
    def magnitudes(self) -> Float[np.ndarray, " unit"]:
        """Sum of absolute values of every unit, as float64."""
        return self._of_rows("magnitudes") if self._origin else np.abs(self.values).sum(1, dtype=np.float64)

    @cached_property
    def ascending(self) -> Float[np.ndarray, "unit input"]:
        """The values of each unit, sorted, as float64."""
        return self._of_rows("ascending") if self._origin else np.sort(self.values, axis=1).astype(np.float64)

    @cached_property
    def signed(self) -> bool:
        """Whether every survivor has a sign: none is exactly 0."""
        if self._origin:
            return self._origin[0].signed
        return int(np.count_nonzero(self.signs)) == int(self.sizes.sum())

    def taken(self, rows: Order | None = None, columns: Order | None = None) -> "Units":
        """Return units in another order, with inputs in another order; None leaves an order as it is.

        What is asked of them is moved then, and no more.
        """
        if rows is None and columns is None:
            return self
        taken = Units.__new__(Units)
        taken._origin = self, rows, columns
        if rows is not None and len(rows) != len(self):
            taken.__dict__["shape"] = len(rows), self.shape[1]
        return taken

    def _moved(self, name: str) -> Shaped[np.ndarray, "unit input"]:
        array = self._of_rows(name)
        columns = self._origin[2] if self._origin else None
        return array if columns is None else np.take(array, columns, axis=1)

    def _of_rows(self, name: str) -> Shaped[np.ndarray, "unit ..."]:
        """Return what another order of inputs does not change."""
        assert self._origin is not None
        units, rows, _ = self._origin
        array: Shaped[np.ndarray, "unit ..."] = getattr(units, name)
        return array if rows is None else array[rows]

    def whole(self) -> "Units":
        """Return the layer as a single unit: what pooled values are computed of."""
        return Units(self.keep.reshape(1, -1), self.values.reshape(1, -1))

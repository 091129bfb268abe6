"""From matrices of a file to layers: which way they lie, and whether their last row is a bias."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tombola.errors import TombolaError
from tombola.interop.nnstd.matrices import Matrix


@dataclass(frozen=True)
class Layout:
    """How matrices of one network are written.

    Attributes
    ----------
    inputs_first
        Whether rows are inputs, as documented; else they are units.
    biased
        Whether the last input is a bias, as documented.
    """

    inputs_first: bool = True
    biased: bool = True

    def sizes(self, matrix: Matrix) -> tuple[int, int]:
        """Return inputs (without the bias) and units of a layer."""
        inputs, units = matrix.keep.shape if self.inputs_first else matrix.keep.shape[::-1]
        return inputs - self.biased, units

    def layer(self, matrix: Matrix) -> Matrix:
        """Return a layer as (units, inputs), its bias left out."""
        values, keep = (
            (each.T if self.inputs_first else each)[:, : self.sizes(matrix)[0]] for each in (matrix.values, matrix.keep)
        )
        return Matrix(np.ascontiguousarray(values), np.ascontiguousarray(keep))

    @property
    def deviation(self) -> str | None:
        """In which way it is not as documented; None if it is."""
        parts = [] if self.inputs_first else ["rows are units rather than inputs"]
        parts += [] if self.biased else ["there is no row of biases"]
        return " and ".join(parts) or None


DOCUMENTED = Layout()
LAYOUTS = (DOCUMENTED, Layout(biased=False), Layout(inputs_first=False), Layout(False, False))


def layout_of(matrices: Sequence[Matrix]) -> Layout:
    """Return the first layout in which every layer takes what the one before it gives, the documented one first.

    Raises
    ------
    TombolaError
        If there is none.
    """
    for layout in LAYOUTS:
        sizes = [layout.sizes(matrix) for matrix in matrices]
        if min(inputs for inputs, _ in sizes) > 0 and all(a[1] == b[0] for a, b in pairwise(sizes)):
            return layout
    shapes = ", ".join(" x ".join(map(str, matrix.keep.shape)) for matrix in matrices)
    raise TombolaError(f"layers of {shapes} do not follow each other")

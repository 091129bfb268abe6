"""Which input place meets which output place in a convolution, forward and (by phases of the stride) backward."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tombola.training.sparse.arena import Halo

Shape = tuple[int, int, int]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Geometry:
    """Kernel, stride, padding, and the maps before and after."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    before: Shape
    channels: int

    @property
    def after(self) -> Shape:
        """Shape of the output map."""
        sizes = zip(self.before[1:], self.kernel, self.stride, self.padding, strict=True)
        height, width = ((size + 2 * padding - kernel) // stride + 1 for size, kernel, stride, padding in sizes)
        return self.channels, height, width

    def input_halo(self) -> Halo:
        """Return the zeros that the forward pass reads around the input."""
        ends = [
            max(0, stride * (count - 1) + kernel - padding - size)
            for size, count, kernel, stride, padding in zip(
                self.before[1:], self.after[1:], self.kernel, self.stride, self.padding, strict=True
            )
        ]
        return Halo(self.padding[0], self.padding[1], *ends)

    def output_halo(self) -> Halo:
        """Return the zeros that the backward pass reads around the output's gradient."""
        starts, ends = [], []
        for size, count, kernel, stride, padding in zip(
            self.before[1:], self.after[1:], self.kernel, self.stride, self.padding, strict=True
        ):
            reads = [(place + padding - tap) // stride for place in (0, size - 1) for tap in range(kernel)]
            starts.append(max(0, -min(reads)))
            ends.append(max(0, max(reads) - count + 1))
        return Halo(starts[0], starts[1], ends[0], ends[1])

    def phases(self) -> list["Phase"]:
        """Return the parts of the input gradient, one for each input place modulo the stride."""
        phases = []
        for y in range(self.stride[0]):
            for x in range(self.stride[1]):
                height, width = (
                    -(-(size - at) // s) for size, at, s in zip(self.before[1:], (y, x), self.stride, strict=True)
                )
                if height > 0 and width > 0:
                    phases.append(Phase(y, x, height, width))
        return phases

    def seen_by(self, phase: "Phase", ky: Integers, kx: Integers) -> tuple[NDArray[np.bool_], Integers, Integers]:
        """Return which taps reach a phase, and by how much the output place they meet is moved."""
        dy, dx = phase.y + self.padding[0] - ky, phase.x + self.padding[1] - kx
        reached = (dy % self.stride[0] == 0) & (dx % self.stride[1] == 0)
        return reached, dy // self.stride[0], dx // self.stride[1]


@dataclass(frozen=True)
class Phase:
    """Input places (y + stride * row, x + stride * column) for `height` rows and `width` columns."""

    y: int
    x: int
    height: int
    width: int

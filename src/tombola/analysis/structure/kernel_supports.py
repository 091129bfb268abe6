"""The commonest supports of kernels, beside how often chance would make them (sparse-analysis reference, 7.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from tombola.analysis.structure.kernel_graphs import Kernels, unique_supports


@dataclass(frozen=True)
class Support:
    """One support.

    Attributes
    ----------
    pattern
        Which weights of the kernel remain.
    count
        Kernels that have it, over all layers.
    expected
        Kernels that would have it if every layer's survivors lay at random in it: the sum over layers of kernels times
        density^kept (1 - density)^pruned.
    """

    pattern: Bool[NDArray[np.bool_], "height width"]
    count: int
    expected: float

    @property
    def bits(self) -> str:
        """The pattern row by row, as ``110/000/001``."""
        return "/".join("".join(str(int(bit)) for bit in row) for row in self.pattern)


def kernel_supports(layers: Sequence[Kernels], *, most: int | None = None) -> list[Support]:
    """Return the supports of all kernels of one size, the commonest first.

    Parameters
    ----------
    layers
        Masks of convolutions; kernels of another size than the first layer's are left out.
    most
        How many supports; by default all there are.

    Examples
    --------
    >>> layer = np.array([1, 0, 1, 1], bool).reshape(4, 1, 1, 1)
    >>> [(support.bits, support.count, support.expected) for support in kernel_supports([layer])]
    [('1', 3, 3.0), ('0', 1, 1.0)]
    """
    if not layers:
        return []
    size = layers[0].shape[2:]
    alike = [keep for keep in layers if keep.shape[2:] == size]
    together = np.concatenate([keep.reshape(-1, 1, *size) for keep in alike])
    patterns, which = unique_supports(together)
    counts = np.bincount(which, minlength=len(patterns))
    order = np.lexsort((np.arange(len(counts)), -counts))[:most]
    kept, whole = patterns.sum((1, 2)), int(np.prod(size))
    expected = np.zeros(len(patterns))
    for keep in alike:
        density = keep.mean() if keep.size else 0.0
        expected += keep.shape[0] * keep.shape[1] * density**kept * (1 - density) ** (whole - kept)
    return [Support(patterns[at], int(counts[at]), float(expected[at])) for at in order]

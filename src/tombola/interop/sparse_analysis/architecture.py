"""Which network prunable layers are of, by their shapes alone."""

from collections.abc import Sequence
from itertools import pairwise

from tombola.interop.sparse_analysis.snapshot import Snapshot

Shape = tuple[int, ...]


def architecture(state: Snapshot) -> str:
    """Return the name of a state's architecture: fc, resnet20, …; ``other`` where it is none of these."""
    return architecture_of([tuple(value.shape) for value in state.weights().values()])


def architecture_of(shapes: Sequence[Shape]) -> str:
    """Return the name of the architecture with prunable tensors of these shapes, in any order.

    ``fc`` is a chain of linear layers only (reference, section 2.1). Residual networks are told by their 3x3
    convolutions, of which a network of depth d has d - 2 + 1, besides 1x1 shortcuts and the output layer (2.2).

    Examples
    --------
    >>> architecture_of([(100, 784), (100, 100), (10, 100)])
    'fc'
    """
    if shapes and all(len(shape) == 2 for shape in shapes):
        chain = all(after[1] == before[0] for before, after in pairwise(shapes))
        return "fc" if chain else "other"
    three = [shape for shape in shapes if len(shape) == 4 and shape[2:] == (3, 3)]
    others = [shape for shape in shapes if shape not in three]
    heads = [shape for shape in others if len(shape) == 2 or (shape[2:] == (1, 1) and shape[0] < shape[1])]
    shortcuts = [shape for shape in others if shape not in heads]
    widths = {shape[0] for shape in three}
    if len(heads) == 1 and widths == {16, 32, 64} and (len(three) - 1) % 6 == 0 and len(shortcuts) in (0, 2):
        return f"resnet{len(three) + 1}"
    return "other"

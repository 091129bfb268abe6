"""Linear layers: the weight matrix of each as a picture."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tombola.errors import TombolaError
from tombola.plots.key_column import key_column
from tombola.plots.style import say
from tombola.plots.weight_colours import WEIGHT_MAP, weight_colours, weight_norm
from tombola.plots.weights import Weights

TIMES = "\N{MULTIPLICATION SIGN}"
WIDTH, HEIGHT = 12.0, 4.0
"""Inches of one row."""
CELLS = (400, 1000)
"""Rows and columns of picture elements at most; a larger matrix is averaged in blocks."""
FULL = 0.95
"""Quantile of the blocks' survivors that is drawn in full brightness."""


def draw_matrices(
    figure: Figure, layers: Sequence[Weights], *, title: str = "", cells: tuple[int, int] = CELLS
) -> list[str]:
    """Draw weight matrices on an empty figure, one row per layer (outputs × inputs), pruned weights black.

    Every row has its own colours, colour bar and histogram of survivors. A matrix with more rows or columns than
    `cells` is drawn from block means of its colours, which is what it looks like from afar: the more of a block is
    pruned, the darker. All are made brighter alike, so that well-filled blocks are as bright as unpruned ones. The row
    says so.

    Parameters
    ----------
    figure
        An empty figure; it becomes 12 × 4 inches per layer.
    layers
        Linear layers, the output layer included; other layers are refused. None at all is said in words.
    title
        Text above.
    cells
        Picture elements at most, (rows, columns).

    Returns
    -------
    list of str
        One sentence for every layer that was averaged; they stand in the figure, too.
    """
    for layer in layers:
        if layer.values.ndim != 2:
            raise TombolaError(f"'{layer.name}' is a convolution; draw_kernels draws those")
    figure.set_size_inches(WIDTH, HEIGHT * max(1, len(layers)))
    if title:
        figure.suptitle(title)
    if not layers:
        axes = figure.subplots()
        axes.axis("off")
        say(axes, "This network has no linear layer that is pruned.")
        return []
    told = []
    grid = figure.subplots(len(layers), 3, squeeze=False, width_ratios=(30, 1, 3))
    for (picture, bar, histogram), layer in zip(grid, layers, strict=True):
        norm = weight_norm(layer.values)
        block = tuple(math.ceil(n / most) for n, most in zip(layer.values.shape, cells, strict=True))
        outputs, inputs = layer.values.shape
        name = layer.name.removesuffix(".weight")
        text = f"{name}: {outputs:,} outputs {TIMES} {inputs:,} inputs, "
        text += f"{layer.remaining:,} remain (density {layer.density:.4f})"
        extent = (-0.5, inputs - 0.5, outputs - 0.5, -0.5)
        if block == (1, 1):
            picture.imshow(
                layer.values, cmap=WEIGHT_MAP, norm=norm, aspect="auto", interpolation="nearest", extent=extent
            )
        else:
            colours, gain = from_afar(layer, norm, block)
            picture.imshow(colours, aspect="auto", interpolation="nearest", extent=extent)
            said = f"each element is the mean colour of {block[0]} {TIMES} {block[1]} weights"
            said += f", made {gain:.3g} times as bright" if gain > 1 else ""
            told.append(f"{name}: {said}.")
            text += f"\n{said}"
        picture.set_title(text, loc="left", fontsize=10)
        picture.set(xlabel="input", ylabel="output")
        for axis in (picture.xaxis, picture.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        key_column(figure, bar, histogram, layer, norm)
    return told


def from_afar(
    layer: Weights, norm: Normalize, block: tuple[int, int]
) -> tuple[Float[np.ndarray, "height width 4"], float]:
    """Return the mean colours of blocks of weights, brightened, and how many times."""
    share = block_means(~np.isnan(layer.values)[..., None], block)
    gain = 1 / float(np.quantile(share[share > 0], FULL)) if share.any() else 1.0
    colours = block_means(weight_colours(layer.values, norm), block)
    colours[..., :3] = np.clip(colours[..., :3] * gain, 0, 1)
    return colours, gain


def block_means(
    colours: Shaped[np.ndarray, "row column channel"], block: tuple[int, int]
) -> Float[np.ndarray, "height width channel"]:
    """Return the mean of every block of elements; blocks at the lower and right edge may be smaller.

    Examples
    --------
    >>> block_means(np.arange(6.0).reshape(2, 3, 1), (2, 2))[..., 0].tolist()
    [[2.0, 3.5]]
    """
    rows, columns = (np.arange(0, n, size) for n, size in zip(colours.shape[:2], block, strict=True))
    sums = np.add.reduceat(np.add.reduceat(colours, rows, 0, dtype=np.float64), columns, 1)
    high, wide = (np.diff([*starts, n]) for starts, n in zip((rows, columns), colours.shape[:2], strict=True))
    return np.asarray(sums / (high[:, None] * wide)[..., None])

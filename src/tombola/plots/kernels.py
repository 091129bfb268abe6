"""Convolution kernels: one small picture per kernel and channel."""

import math

import numpy as np
from jaxtyping import Float
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from tombola.errors import TombolaError
from tombola.plots.key_column import key_column
from tombola.plots.weight_colours import WEIGHT_MAP, weight_norm
from tombola.plots.weights import Weights

COLUMNS = 8
IMAGES = 512
GAP = 0.14
"""Between pictures, as a share of their side; the title stands in it above."""
HEAD = 0.34
"""Inches for a title and a statement, each."""
KEY_HEIGHT = 3.0
"""The colour bar is no taller, in inches."""


def draw_kernels(
    figure: Figure, layer: Weights, *, columns: int = COLUMNS, images: int = IMAGES, title: str = ""
) -> str:
    """Draw the kernels of one convolution on an empty figure, row by row, ``K<kernel>.<channel>`` above each.

    Only whole kernels are drawn, as many as fit into `images` pictures. The right column holds the colour bar and a
    histogram of the layer's survivors, those of kernels that are not drawn included. The figure becomes
    (columns + 1) × rows inches, and higher by a line each for a title and a statement.

    Parameters
    ----------
    figure
        An empty figure.
    layer
        A convolution's weights (kernels, channels, height, width); other dimensions are laid out flat.
    columns
        Pictures per row; never more than there are pictures.
    images
        Pictures at most.
    title
        Text above.

    Returns
    -------
    str
        What was left out, in a sentence that also stands in the figure; empty where nothing was.

    Raises
    ------
    TombolaError
        If the layer is no convolution, or there is no column.
    """
    if layer.values.ndim < 3:
        raise TombolaError(f"'{layer.name}' is no convolution but a matrix; draw_matrices draws those")
    if columns < 1 or images < 1:
        raise TombolaError(f"columns = {columns}, images = {images}: at least one is needed of each")
    small = as_pictures(layer.values)
    kernels, channels = small.shape[:2]
    shown = min(kernels, images // channels)
    told = "" if shown == kernels else _left_out(shown, kernels, channels, images)
    count = shown * channels
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    head = HEAD * (bool(title) + bool(told))
    width, height = columns + 1, rows + head
    figure.set_layout_engine("none")
    figure.set_size_inches(width, height)
    _draw_pictures(
        figure, small[:shown], columns, rows, (0, 0, columns / width, rows / height), weight_norm(layer.values)
    )
    tall = min(rows, KEY_HEIGHT) / height
    bottom, top = rows / height - 0.93 * tall, 0.86 * tall
    bar = figure.add_axes((1 - 0.55 / width, bottom, 0.12 / width, top), label="colour bar")
    histogram = figure.add_axes((1 - 0.4 / width, bottom, 0.35 / width, top), label="histogram")
    key_column(figure, bar, histogram, layer, weight_norm(layer.values), size=7)
    for line, text in enumerate(text for text in (title, told) if text):
        y = 1 - (0.5 + line) * HEAD / height
        figure.text(0.1 / width, y, text, va="center", fontsize=9 if line == 0 and title else 8)
    return told


def as_pictures(values: Float[np.ndarray, "kernel channel ..."]) -> Float[np.ndarray, "kernel channel height width"]:
    """Return kernels of any dimension as flat pictures: 1-D ones become a row, slices of 3-D ones are stacked."""
    kernels, channels, *window = values.shape
    return values.reshape(kernels, channels, math.prod(window[:-1]), window[-1])


def _draw_pictures(
    figure: Figure,
    small: Float[np.ndarray, "kernel channel height width"],
    columns: int,
    rows: int,
    place: tuple[float, float, float, float],
    norm: Normalize,
) -> None:
    # one axes for all of them: 512 axes take half a minute
    axes = figure.add_axes(place, label="kernels")
    axes.axis("off")
    high, wide = small.shape[2:]
    side = 1 - 2 * GAP
    across, down = (side, side * high / wide) if high <= wide else (side * wide / high, side)
    for number in range(small.shape[0] * small.shape[1]):
        kernel, channel = divmod(number, small.shape[1])
        row, column = divmod(number, columns)
        x, y = column + 0.5, row + 0.5 + GAP / 2
        axes.imshow(
            small[kernel, channel],
            cmap=WEIGHT_MAP,
            norm=norm,
            interpolation="nearest",
            extent=(x - across / 2, x + across / 2, y + down / 2, y - down / 2),
        )
        axes.text(x, y - down / 2 - 0.04, f"K{kernel + 1}.{channel + 1}", ha="center", va="bottom", fontsize=6.5)
    axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")


def _left_out(shown: int, kernels: int, channels: int, images: int) -> str:
    if shown == 0:
        return f"No kernel is shown: each has {channels:,} channels, and at most {images:,} pictures are drawn."
    return f"The first {shown:,} of {kernels:,} kernels ({shown * channels:,} pictures; at most {images:,} are drawn)."

"""What the colours of a heat map mean, drawn below it."""

import numpy as np

from tombola.explain.render.rendered import Image
from tombola.explain.render.scale import ColourScale
from tombola.explain.render.text import fitting_size, write_on

ENDS = ("least important", "most important")
MINIMUM_WIDTH = 176
"""Pixels below which the two labels cannot stand side by side and be read."""
WHITE = 255


def legend(width: int, scale: ColourScale, size: int | None = None) -> Image:
    """Return a bar of all colours, from least to most important, with its two ends labelled.

    Parameters
    ----------
    width
        In pixels.
    scale
        The colours, as values of a map have them (with its power, without an image below).
    size
        Of the labels in pixels; by default as the width allows. It is less where they would not fit.
    """
    size = fitting_size("  ".join(ENDS), width - 4, size or max(10, width // 22))
    gap, bar = max(2, size // 3), max(6, size)
    picture = np.full((gap + bar + gap + round(1.4 * size), width, 3), WHITE, dtype=np.uint8)
    picture[gap : gap + bar] = scale(np.linspace(0, 1, width)[None, :])
    top = 2 * gap + bar
    picture = write_on(picture, ENDS[0], (top, 1), size, "lt")
    return write_on(picture, ENDS[1], (top, width - 1), size, "rt")

"""Text on pictures, in the font that comes with matplotlib, so that it looks the same everywhere."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from tombola.explain.render.rendered import Image

INK = (0, 0, 0)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans at a size in pixels."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), max(1, size), layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, size: int) -> int:
    """Return how many pixels wide a text is."""
    return int(np.ceil(font(size).getlength(text)))


def fitting_size(text: str, width: int, size: int) -> int:
    """Return the largest size up to `size` at which a text is at most `width` pixels wide."""
    while size > 1 and text_width(text, size) > width:
        size -= 1
    return size


def write_on(
    pixels: Image, text: str, at: tuple[float, float], size: int, anchor: str = "mm", ink: tuple[int, int, int] = INK
) -> Image:
    """Return a picture with a text on it.

    Parameters
    ----------
    pixels
        The picture; a copy is written on.
    text
        One line.
    at
        Row and column of the anchor.
    size
        In pixels.
    anchor
        Pillow's: ``mm`` is the middle of the text, ``lt`` its left top, ``rt`` its right top.
    ink
        Colour.
    """
    picture = Pillow.fromarray(pixels)
    ImageDraw.Draw(picture).text((at[1], at[0]), text, fill=ink, font=font(size), anchor=anchor)
    return np.asarray(picture)

"""Pictures at other sizes: enlarged pixel by pixel, so that what is shown stays exactly what it was."""

import numpy as np
from PIL import Image as Pillow

from tombola.explain.render.rendered import Image


def enlarged(pixels: Image, factor: int) -> Image:
    """Return a picture with every pixel `factor` x `factor` pixels large."""
    return pixels if factor == 1 else pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def fitted(pixels: Image, size: tuple[int, int]) -> Image:
    """Return a picture as large as it can be within (height, width): enlarged by whole factors, or shrunk."""
    height, width = pixels.shape[:2]
    factor = min(size[0] // height, size[1] // width)
    if factor:
        return enlarged(pixels, factor)
    share = min(size[0] / height, size[1] / width)
    smaller = (max(1, int(width * share)), max(1, int(height * share)))
    return np.asarray(Pillow.fromarray(pixels).resize(smaller, Pillow.Resampling.LANCZOS))


def paste_centred(ground: Image, pixels: Image, top: int, left: int, size: tuple[int, int]) -> None:
    """Write a picture into the middle of a field of a ground, in place."""
    row = top + (size[0] - pixels.shape[0]) // 2
    column = left + (size[1] - pixels.shape[1]) // 2
    ground[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels

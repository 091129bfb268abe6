"""The outline of the most important pixels, on an image that stays as it is."""

from decimal import Decimal

import numpy as np
from jaxtyping import Bool, Float

from tombola.explain.render.choice import top_pixels
from tombola.explain.render.fit import enlarged
from tombola.explain.render.rendered import Image, Rendered, check_pair, renderers

INSIDE = (255, 255, 255)
OUTSIDE = (0, 0, 0)
LEAST_SIDE = 176
"""Pixels of the shorter side that an image is enlarged to at least."""


def contour(
    image: Image,
    values: Float[np.ndarray, "y x"],
    q: str | float | Decimal = "0.1",
    count: str = "floor",
    on_short: str = "shrink",
    kernel: str = "bicubic",
) -> Rendered:
    """Outline the share q of an image that a map holds most important: white on its inside, black around.

    Two tones, so that the line is seen on any ground and without colour vision. Small images are enlarged, so that it
    does not cover what it surrounds. See `tombola.explain.render.window` for
    the parameters.
    """
    check_pair(image, values)
    chosen = top_pixels(values, image.shape[:2], q, count, on_short, kernel)[0]
    factor = -(-LEAST_SIDE // min(image.shape[:2]))
    area = chosen.visible.repeat(factor, axis=0).repeat(factor, axis=1)
    width = max(1, min(area.shape) // 112)
    inside, outside = area & grown(~area, width), ~area & grown(area, width)
    pixels = enlarged(image, factor).copy()
    pixels[inside] = INSIDE
    pixels[outside] = OUTSIDE
    height, length = image.shape[:2]
    covered = (inside | outside).reshape(height, factor, length, factor).any(axis=(1, 3))
    return Rendered(pixels, ~covered, chosen.fillers, chosen.degenerate)


def grown(area: Bool[np.ndarray, "h w"], times: int = 1) -> Bool[np.ndarray, "h w"]:
    """Return an area with the pixels above, below, left and right of it, and theirs, and so on."""
    for _ in range(times):
        wide = area.copy()
        wide[1:] |= area[:-1]
        wide[:-1] |= area[1:]
        wide[:, 1:] |= area[:, :-1]
        wide[:, :-1] |= area[:, 1:]
        area = wide
    return area


renderers.register("contour")(contour)

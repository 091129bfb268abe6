"""Blur and fade: the most important pixels as they are, the rest blurred and dimmed, so that context remains."""

from decimal import Decimal

import numpy as np
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageFilter

from tombola.errors import TombolaError
from tombola.explain.render.choice import top_pixels
from tombola.explain.render.rendered import Image, Rendered, check_pair, renderers


def blur_fade(
    image: Image,
    values: Float[np.ndarray, "y x"],
    q: str | float | Decimal = "0.1",
    count: str = "floor",
    on_short: str = "shrink",
    kernel: str = "bicubic",
    blur: float = 0.03,
    light: float = 0.35,
) -> Rendered:
    """Show the share q of an image that a map holds most important, with the rest blurred and dimmed.

    Parameters
    ----------
    image, values, q, count, on_short, kernel
        As for `tombola.explain.render.window`.
    blur
        Standard deviation of the blur, as a share of the image's shorter side.
    light
        What is left of the brightness, from 0 to 1.

    Raises
    ------
    TombolaError
        If image, map or options are not what they must be.
    """
    check_pair(image, values)
    if not 0 <= light <= 1 or not blur >= 0:
        raise TombolaError(f"blur = {blur}, light = {light}: blur of 0 or more, light from 0 to 1, please")
    chosen = top_pixels(values, image.shape[:2], q, count, on_short, kernel)[0]
    soft = Pillow.fromarray(image).filter(ImageFilter.GaussianBlur(blur * min(image.shape[:2])))
    ground = np.rint(np.asarray(soft) * light).astype(np.uint8)
    pixels = np.where(chosen.visible[:, :, None], image, ground)
    return Rendered(pixels, chosen.visible, chosen.fillers, chosen.degenerate)


renderers.register("blur-fade")(blur_fade)

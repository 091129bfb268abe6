"""The window: the most important pixels as they are, the rest covered."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import numpy as np
from jaxtyping import Float

from tombola.explain.render.choice import top_pixels
from tombola.explain.render.rendered import Image, Rendered, check_pair, renderers

BLACK = (0, 0, 0)


def window(
    image: Image,
    values: Float[np.ndarray, "y x"],
    q: str | float | Decimal = "0.1",
    count: str = "floor",
    on_short: str = "shrink",
    kernel: str = "bicubic",
    fill: tuple[int, int, int] = BLACK,
) -> Rendered:
    """Show the share q of an image that a map holds most important, and cover the rest (explainability reference, 6.2).

    Parameters
    ----------
    image
        The image.
    values
        Its map, of any size.
    q
        The share, read as the decimal it is written as.
    count, on_short, kernel
        See `tombola.explain.render.choice.top_pixels`.
    fill
        Colour of what is covered.

    Raises
    ------
    TombolaError
        If image, map or options are not what they must be.
    """
    return windows(image, values, [q], count, on_short, kernel, fill)[0]


def windows(
    image: Image,
    values: Float[np.ndarray, "y x"],
    q: Sequence[str | float | Decimal],
    count: str = "floor",
    on_short: str = "shrink",
    kernel: str = "bicubic",
    fill: tuple[int, int, int] = BLACK,
) -> list[Rendered]:
    """Return the windows of several shares; see `window`."""
    check_pair(image, values)
    ground = np.array(fill, dtype=np.uint8)
    return [
        Rendered(np.where(chosen.visible[:, :, None], image, ground), chosen.visible, chosen.fillers, chosen.degenerate)
        for chosen in top_pixels(values, image.shape[:2], q, count, on_short, kernel)
    ]


renderers.register("window")(window)
renderers.register("window-published")(partial(window, on_short="fill"))

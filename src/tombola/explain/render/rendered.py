"""What renderers give, and the renderers by name."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from tombola.errors import TombolaError
from tombola.registry import Registry

Image = UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture of an explanation.

    Attributes
    ----------
    pixels
        The picture; with a legend it is higher than the image.
    visible
        Which pixels of the image are shown as they are.
    fillers
        How many of the pixels asked for have no positive value in the map. The preset shows them all the same, as
        arbitrary patches.
    degenerate
        Whether the map says nothing: then no window is drawn, and the image must not be shown to anybody as explained.
    """

    pixels: UInt8[np.ndarray, "height width 3"]
    visible: Bool[np.ndarray, "h w"]
    fillers: int = 0
    degenerate: bool = False


Renderer = Callable[..., Rendered]
"""(image, map, **options) -> picture; every option has a default."""

renderers: Registry[Renderer] = Registry("renderer")


def check_pair(image: Image, values: Float[np.ndarray, "y x"]) -> None:
    """Check an image and a map before anything is drawn.

    Raises
    ------
    TombolaError
        If the image is not (height, width, 3) of uint8, or the map is not a finite matrix.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise TombolaError(
            f"the image is {list(image.shape)} {image.dtype}; uint8 (height, width, 3) is needed, as "
            "tombola.explain.pictures gives it"
        )
    if values.ndim != 2 or not values.size:
        raise TombolaError(f"the map is {list(values.shape)}; a matrix (height, width) is needed")
    if not np.isfinite(values).all():
        raise TombolaError("the map has values that are not finite; nothing can be drawn of it")

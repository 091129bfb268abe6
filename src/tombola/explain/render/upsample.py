"""From a map to the size of an image."""

from typing import Final

import numpy as np
from jaxtyping import Float
from PIL import Image as Pillow

from tombola.errors import TombolaError, nearest

KERNELS: Final = {
    "bicubic": Pillow.Resampling.BICUBIC,
    "bilinear": Pillow.Resampling.BILINEAR,
    "nearest": Pillow.Resampling.NEAREST,
}


def upsample(
    values: Float[np.ndarray, "y x"], size: tuple[int, int], kernel: str = "bicubic"
) -> Float[np.ndarray, "h w"]:
    """Return a map at another size, by Pillow's kernels on float32.

    Its bicubic one has a = -0.5, half-pixel centres, and is renormalised at the border; that of tensor libraries has
    a = -0.75 and gives other values. It overshoots: values may leave the map's range (explainability reference, 6.1).

    Parameters
    ----------
    values
        The map.
    size
        Height and width wanted.
    kernel
        ``bicubic``, ``bilinear`` or ``nearest``.

    Raises
    ------
    TombolaError
        If the kernel is unknown.
    """
    if kernel not in KERNELS:
        raise TombolaError(f"kernel = '{kernel}'{nearest(kernel, KERNELS)}")
    picture = Pillow.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(picture.resize(size[::-1], KERNELS[kernel]), dtype=np.float32)

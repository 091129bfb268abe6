"""Heat maps over images, with their legend."""

from functools import partial

import numpy as np
from jaxtyping import Float

from tombola.explain.normalising import degenerate_maps
from tombola.explain.render.fit import enlarged
from tombola.explain.render.legend import MINIMUM_WIDTH, legend
from tombola.explain.render.rendered import Image, Rendered, check_pair, renderers
from tombola.explain.render.scale import scale_named
from tombola.explain.render.upsample import upsample


def heatmap(
    image: Image, values: Float[np.ndarray, "y x"], scale: str = "viridis", kernel: str = "bicubic"
) -> Rendered:
    """Colour an image by its map, with a legend below; small images are enlarged until it can be read.

    Parameters
    ----------
    image, values
        The image, and its map of any size.
    scale
        ``viridis``, or ``jet``: colours of the squared map at opacity 0.3, which approximates the published study (the
        code that drew its heat maps is not public).
    kernel
        See `tombola.explain.render.upsample`.

    Raises
    ------
    TombolaError
        If image, map or options are not what they must be.
    """
    check_pair(image, values)
    large = enlarged(image, -(-MINIMUM_WIDTH // image.shape[1]))
    pixels = np.concatenate([overlay(large, values, scale, kernel), legend(large.shape[1], scale_named(scale))])
    return Rendered(pixels, np.zeros(image.shape[:2], dtype=bool), 0, bool(degenerate_maps(values[None])[0]))


def overlay(image: Image, values: Float[np.ndarray, "y x"], scale: str = "viridis", kernel: str = "bicubic") -> Image:
    """Return an image coloured by its map, without the legend, which must then stand beside it (`legend`).

    The map is divided by its own maximum, brought to the image's size, and clamped to [0, 1] (explainability reference,
    section 6.4); a map without positive values counts as 0.
    """
    check_pair(image, values)
    found = scale_named(scale)
    most = float(values.max())
    scaled = values / most if most > 0 else np.zeros_like(values)
    colours = found(upsample(scaled, image.shape[:2], kernel).astype(np.float64))
    blended = (1 - found.opacity) * image + found.opacity * colours
    return np.rint(blended).astype(np.uint8)


renderers.register("heatmap")(heatmap)
renderers.register("heatmap-jet")(partial(heatmap, scale="jet"))

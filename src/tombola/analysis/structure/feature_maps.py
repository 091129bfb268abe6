"""What the first layer looks at: its weights summed over units, as an image."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from tombola.analysis.material import NetworkView
from tombola.analysis.structure.components import image_shape
from tombola.analysis.wiring import sees_image


def first_layer_map(view: NetworkView) -> Float[NDArray[np.float64], "channel height width"] | None:
    """Return the sum over units of the masked weights of the first layer; None if it reads no image.

    A convolution's map is its kernels' sum, one picture per channel. Where the network's first layer is not prunable,
    the first prunable one reads units, no image.
    """
    return _summed(view, view.weights(view.layers[0].name))


def first_layer_counts(view: NetworkView) -> Float[NDArray[np.float64], "channel height width"] | None:
    """Return how many survivors of the first layer read each pixel (or lie at each tap of a convolution)."""
    return _summed(view, view.keep(view.layers[0].name))


def seen_shape(view: NetworkView) -> tuple[int, int, int] | None:
    """Return channels, height and width of the images the first layer reads, if it is linear and reads images."""
    first = view.layers[0]
    if len(first.shape) != 2 or not _sees_image(view):
        return None
    return image_shape(first.shape[1], view.graph.input_shape if view.graph else None)


def _summed(
    view: NetworkView, values: NDArray[np.generic]
) -> Float[NDArray[np.float64], "channel height width"] | None:
    total = np.asarray(values.sum(0), np.float64)
    if total.ndim == 3:
        return total if _sees_image(view) else None
    shape = seen_shape(view)
    return None if shape is None else total.reshape(shape)


def _sees_image(view: NetworkView) -> bool:
    """Return whether the first prunable layer reads the image, as far as is known."""
    return view.graph is None or sees_image(view.graph, view.layers[0].name)

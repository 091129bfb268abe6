"""Connected patches of pixels that first-layer units see."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from tombola.errors import TombolaError


@dataclass(frozen=True)
class Components:
    """Patches of all units.

    Attributes
    ----------
    count
        Patches of each unit.
    largest
        Pixels of each unit's largest patch; 0 for empty units.
    pixels
        Pixels each unit sees, in any channel.
    """

    count: Int[NDArray[np.int64], " unit"]
    largest: Int[NDArray[np.int64], " unit"]
    pixels: Int[NDArray[np.int64], " unit"]


def image_shape(inputs: int, shape: tuple[int, ...] | None = None) -> tuple[int, int, int] | None:
    """Return channels, height and width of the images a linear layer reads, or None if it reads none.

    Parameters
    ----------
    inputs
        Of the layer.
    shape
        Of one image, where it is known; a flat one does not count, and a square is assumed then, of one channel or
        three.
    """
    if shape is not None and len(shape) == 3 and int(np.prod(shape)) == inputs and min(shape[1:]) > 1:
        return shape[0], shape[1], shape[2]
    for channels in (1, 3):
        side = round((inputs / channels) ** 0.5)
        if side > 1 and channels * side * side == inputs:
            return channels, side, side
    return None


def plane_components(
    keep: Bool[NDArray[np.bool_], "unit input"], shape: tuple[int, int, int], *, diagonal: bool = False
) -> Components:
    """Return the connected patches of pixels of every unit of a first layer.

    Parameters
    ----------
    keep
        Which weights remain.
    shape
        Channels, height and width; a pixel is seen if any channel of it is.
    diagonal
        Whether pixels touch at corners, too.

    Raises
    ------
    TombolaError
        If the image does not have as many numbers as the layer has inputs.
    """
    from scipy import ndimage

    if int(np.prod(shape)) != keep[:1].size and len(keep):
        raise TombolaError(f"images of shape {[*shape]} do not fit a layer of {keep[:1].size} inputs")
    seen = keep.reshape(len(keep), *shape).any(1)
    touching = np.zeros((3, 3, 3), int)  # units lie above each other and never touch
    touching[1] = ndimage.generate_binary_structure(2, 2 if diagonal else 1)
    labels, total = ndimage.label(seen, touching)
    sizes = np.bincount(labels.ravel(), minlength=total + 1)
    place = np.zeros(total + 1, np.int64)
    unit = np.nonzero(seen)[0]
    place[labels[seen]] = unit
    largest = np.zeros(len(keep), np.int64)
    np.maximum.at(largest, place[1:], sizes[1:])
    return Components(np.bincount(place[1:], minlength=len(keep)), largest, seen.sum((1, 2)))

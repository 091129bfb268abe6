"""From arrays of any kind to a checked part: the one gate that every pixel and label passes."""

import warnings
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64, UInt8

from tombola.data.dataset import Part
from tombola.errors import TombolaError

ROUNDING = 1e-3
"""Distance from a whole number, in steps of 1/255, above which turning floats into uint8 is worth a warning."""


def as_part(images: Any, labels: Any, what: str = "images") -> Part:
    """Return images and labels as a part.

    Parameters
    ----------
    images
        Array or tensor, (n, h, w) or (n, c, h, w). Either uint8, taken as it is, or floats in [0, 1], which are stored
        as ``round(255 x)``: 256 grey levels remain, and a warning says so where that changes the values.
    labels
        Whole numbers from 0, one per image.
    what
        What error messages call these images.

    Raises
    ------
    TombolaError
        For any other type, shape, range, or number of labels.
    """
    pixels = _pixels(_numpy(images), what)
    numbers = _labels(_numpy(labels), what)
    if len(pixels) != len(numbers):
        raise TombolaError(f"{what}: {len(pixels)} images but {len(numbers)} labels; give one label per image")
    if len(pixels) == 0:
        raise TombolaError(f"{what}: there are none; give at least one image")
    return Part(torch.from_numpy(pixels), torch.from_numpy(numbers))


def _numpy(values: Any) -> np.ndarray[Any, Any]:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def _pixels(images: np.ndarray[Any, Any], what: str) -> UInt8[np.ndarray, "n c h w"]:
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise TombolaError(f"{what}: shape {images.shape} is neither (n, h, w) nor (n, channels, h, w)")
    if images.shape[-1] in (1, 3, 4) and images.shape[1] > 4:
        raise TombolaError(
            f"{what}: shape {images.shape} has its channels last; move them: images.transpose(0, 3, 1, 2)"
        )
    if np.issubdtype(images.dtype, np.floating):
        images = _from_floats(images, what)
    elif images.dtype != np.uint8:
        raise TombolaError(
            f"{what}: type {images.dtype} is neither uint8 (0..255) nor float in [0, 1]; convert it first"
        )
    images = np.ascontiguousarray(images)
    return images if images.flags.writeable else images.copy()  # a tensor over read-only memory is undefined behaviour


def _from_floats(images: np.ndarray[Any, Any], what: str) -> UInt8[np.ndarray, "n c h w"]:
    if images.size and not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise TombolaError(f"{what}: floats must lie in [0, 1]; scale them, or give uint8 images (0..255)")
    scaled = images * 255
    whole = np.rint(scaled)
    if images.size and np.abs(scaled - whole).max() > ROUNDING:
        warnings.warn(
            f"{what}: floats in [0, 1] are stored in 256 steps (uint8); these values are rounded", stacklevel=4
        )
    pixels: UInt8[np.ndarray, "n c h w"] = whole.astype(np.uint8)
    return pixels


def _labels(labels: np.ndarray[Any, Any], what: str) -> Int64[np.ndarray, " n"]:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise TombolaError(
            f"{what}: labels of shape {labels.shape} and type {labels.dtype}; give whole numbers, shape (n,)"
        )
    numbers = labels.astype(np.int64)
    if len(numbers) and numbers.min() < 0:
        raise TombolaError(f"{what}: label {numbers.min()} is negative; number the classes from 0")
    return numbers

"""Augmentation of training batches on the device: whole batches at once, random draws made epoch by epoch."""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int, UInt8
from torch import Tensor

from tombola.errors import TombolaError
from tombola.registry import Registry

Images = UInt8[Tensor, "n c h w"]


class Transform(Protocol):
    """One augmentation: random draws for many images, and their application to a batch."""

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the draws of `count` images, first dimension `count`, on the CPU."""

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the augmented images, one row of `draws` each."""


augmentations: Registry[Callable[[str], Transform]] = Registry("augmentation")
"""Name → function from the text behind the colon (``4`` of ``crop:4``, else empty) to a transform."""


class Flip:
    """Mirror images left to right, each with probability one half."""

    def draw(self, count: int, generator: torch.Generator) -> Bool[Tensor, " n"]:
        """Return which images are mirrored."""
        return torch.randint(0, 2, (count,), generator=generator, dtype=torch.bool)

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the images, mirrored where drawn."""
        return torch.where(draws.view(-1, 1, 1, 1), images.flip(3), images)


class Crop:
    """Shift images by up to `margin` pixels in each direction: a random crop of the image in a black frame.

    Black is 0 before normalisation, as in the common recipe of four pixels for 32x32 images.
    """

    def __init__(self, margin: int) -> None:
        self.margin = margin

    def draw(self, count: int, generator: torch.Generator) -> Int[Tensor, "n 2"]:
        """Return the top left corner of every crop within its framed image, each from 0 to twice the margin."""
        return torch.randint(0, 2 * self.margin + 1, (count, 2), generator=generator)

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the crops, as large as the images."""
        n, c, h, w = images.shape
        framed = F.pad(images, (self.margin,) * 4).contiguous()
        height, width = framed.shape[2:]
        # all rows of w pixels that can start anywhere; each crop row is one of them, copied whole
        windows = framed.view(-1).unfold(0, w, 1)
        planes = torch.arange(n * c, device=images.device).view(n, c, 1) * (height * width)
        rows = (draws[:, :1] + torch.arange(h, device=images.device)) * width + draws[:, 1:]
        return windows.index_select(0, (planes + rows.view(n, 1, h)).view(-1)).view(n, c, h, w)


@augmentations.register("flip")
def flip(argument: str) -> Transform:
    """Build ``flip``."""
    if argument:
        raise TombolaError(f"data.augment = 'flip:{argument}': flip takes no number; write flip")
    return Flip()


@augmentations.register("crop")
def crop(argument: str) -> Transform:
    """Build ``crop:4``."""
    if not re.fullmatch(r"[1-9][0-9]*", argument):
        raise TombolaError(f"data.augment = 'crop:{argument}': crop needs its margin in pixels; write crop:4")
    return Crop(int(argument))


class Augmentation:
    """The augmentations of a data set, applied in the order they are named.

    Parameters
    ----------
    tokens
        ``flip``, ``crop:N``, or what else is registered.

    Raises
    ------
    TombolaError
        For an unknown token or a wrong number.

    Examples
    --------
    >>> augmentation = Augmentation(("flip", "crop:4"))
    >>> draws = augmentation.draw(60, torch.Generator().manual_seed(0))
    >>> augmentation.apply(torch.zeros(60, 3, 32, 32, dtype=torch.uint8), draws).shape
    torch.Size([60, 3, 32, 32])
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        parts = [token.partition(":") for token in tokens]
        self._transforms = [augmentations[name](argument) for name, _, argument in parts]

    def __bool__(self) -> bool:
        return bool(self._transforms)

    def draw(self, count: int, generator: torch.Generator) -> list[Tensor]:
        """Return the random draws of `count` images, one tensor per augmentation, on the CPU."""
        return [transform.draw(count, generator) for transform in self._transforms]

    def apply(self, images: Images, draws: Sequence[Tensor]) -> Images:
        """Return the augmented batch; `draws` holds the rows that belong to it, on its device."""
        for transform, rows in zip(self._transforms, draws, strict=True):
            images = transform.apply(images, rows)
        return images

"""Augmentations that move pixels about: upside down, rotated, cropped and enlarged."""

import math
import re

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float64
from torch import Tensor

from tombola.data.augment import Images, Transform, augmentations
from tombola.errors import TombolaError

NUMBER = r"[0-9]+(\.[0-9]+)?"


class VerticalFlip:
    """Turn images upside down, each with probability one half."""

    def draw(self, count: int, generator: torch.Generator) -> Bool[Tensor, " n"]:
        """Return which images are turned."""
        return torch.randint(0, 2, (count,), generator=generator, dtype=torch.bool)

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the images, turned where drawn."""
        return torch.where(draws.view(-1, 1, 1, 1), images.flip(2), images)


class Rotation:
    """Rotate images about their centre by an angle drawn uniformly from ± `degrees`: nearest pixel, black corners.

    They are rotated at the size they are stored in. The published study (reference explainability.md, section 2.3)
    rotates files at their own size and resizes them then, which differs by a fraction of a pixel.
    """

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def draw(self, count: int, generator: torch.Generator) -> Float64[Tensor, " n"]:
        """Return the angles in degrees, counter-clockwise."""
        return (torch.rand(count, generator=generator, dtype=torch.float64) * 2 - 1) * self.degrees

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the images, each rotated by its angle."""
        n, c, h, w = images.shape
        angle = (draws.double() * (math.pi / 180)).view(n, 1, 1)
        cos, sin = angle.cos(), angle.sin()
        y = (torch.arange(h, device=images.device, dtype=torch.float64) - (h - 1) / 2).view(1, h, 1)
        x = (torch.arange(w, device=images.device, dtype=torch.float64) - (w - 1) / 2).view(1, 1, w)
        rows = (y * cos + x * sin + (h - 1) / 2).round().long()
        columns = (x * cos - y * sin + (w - 1) / 2).round().long()
        inside = (rows >= 0) & (rows < h) & (columns >= 0) & (columns < w)
        places = (rows.clamp(0, h - 1) * w + columns.clamp(0, w - 1)).view(n, 1, h * w).expand(n, c, h * w)
        turned = images.reshape(n, c, h * w).gather(2, places).view(n, c, h, w)
        return turned.masked_fill(~inside.view(n, 1, h, w), 0)


class ResizedCrop:
    """Crop a share of the area and enlarge it to the whole (bilinear): random size and place, aspect ratio kept.

    Shares are uniform from `least` to 1. Unlike the common recipe for ImageNet it never distorts shapes.
    """

    def __init__(self, least: float) -> None:
        self.least = least

    def draw(self, count: int, generator: torch.Generator) -> Float64[Tensor, "n 3"]:
        """Return side as a share of the image's, and centre from -1 to 1 of what remains, across and down."""
        drawn = torch.rand(count, 3, generator=generator, dtype=torch.float64)
        side = (self.least + (1 - self.least) * drawn[:, :1]).sqrt()
        return torch.cat([side, drawn[:, 1:] * 2 - 1], 1)

    def apply(self, images: Images, draws: Tensor) -> Images:
        """Return the crops, as large as the images."""
        side, centre = draws[:, :1].float(), draws[:, 1:].float() * (1 - draws[:, :1].float())
        zero = torch.zeros_like(side)
        rows = (torch.cat([side, zero, centre[:, :1]], 1), torch.cat([zero, side, centre[:, 1:]], 1))
        grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
        sampled = F.grid_sample(images.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)
        return sampled.round_().clamp_(0, 255).to(torch.uint8)


@augmentations.register("vflip")
def vflip(argument: str) -> Transform:
    """Build ``vflip``."""
    if argument:
        raise TombolaError(f"data.augment = 'vflip:{argument}': vflip takes no number; write vflip")
    return VerticalFlip()


@augmentations.register("rotate")
def rotate(argument: str) -> Transform:
    """Build ``rotate:10``."""
    if not re.fullmatch(NUMBER, argument) or not 0 < float(argument) <= 180:
        raise TombolaError(
            f"data.augment = 'rotate:{argument}': rotate needs its largest angle, above 0 and up to 180 degrees; "
            "write rotate:10"
        )
    return Rotation(float(argument))


@augmentations.register("resized-crop")
def resized_crop(argument: str) -> Transform:
    """Build ``resized-crop:0.5``."""
    if not re.fullmatch(NUMBER, argument) or not 0 < float(argument) < 1:
        raise TombolaError(
            f"data.augment = 'resized-crop:{argument}': resized-crop needs the smallest share of the area that is "
            "kept, between 0 and 1; write resized-crop:0.5"
        )
    return ResizedCrop(float(argument))

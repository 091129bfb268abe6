"""RISE: which random masks an image survives best."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from tombola.errors import TombolaError
from tombola.explain.gradients import AT_ONCE
from tombola.explain.methods import Method, methods
from tombola.explain.scene import Scene


def rise(scene: Scene, masks: int = 1000, cells: int = 7, keep: float = 0.5) -> Float[Tensor, "n h w"]:
    """RISE: mean of random smooth masks, weighted by the score of the image under them (Petsiuk et al. 2018).

    Masks are grids of `cells` x `cells` of which each cell is kept with probability `keep`, enlarged bilinearly and
    shifted at random; what they hide becomes the mean image. Weights are scores less their mean over masks: in
    expectation that shifts the whole map by a constant, and without it a map of few masks shows mostly which pixels
    happened to be kept more often. Every image has masks of its own.
    """
    if masks < 2 or cells < 1 or not 0 < keep < 1:
        raise TombolaError(
            f"masks = {masks}, cells = {cells}, keep = {keep}: at least 2 masks, 1 cell and 0 < keep < 1 are needed"
        )
    return torch.stack([
        _one(scene, image, target, own, masks, cells, keep)
        for image, target, own in zip(scene.images, scene.targets, scene.draws(), strict=True)
    ])  # fmt: skip


def _one(
    scene: Scene,
    image: Float[Tensor, "c h w"],
    target: Tensor,
    generator: torch.Generator,
    masks: int,
    cells: int,
    keep: float,
) -> Float[Tensor, "h w"]:
    height, width = image.shape[1:]
    scores, weighted, total = [], image.new_zeros(height, width), image.new_zeros(height, width)
    for first in range(0, masks, AT_ONCE):
        count = min(AT_ONCE, masks - first)
        drawn = random_masks(count, height, width, generator, cells, keep).to(image)
        with torch.no_grad():
            score = scene.target_scores(image * drawn[:, None], target.expand(count)).to(image.dtype)
        scores.append(score)
        weighted += torch.einsum("m,mhw->hw", score, drawn)
        total += drawn.sum(dim=0)
    return (weighted - torch.cat(scores).mean() * total) / (masks * keep)


def random_masks(
    count: int, height: int, width: int, generator: torch.Generator, cells: int = 7, keep: float = 0.5
) -> Float[Tensor, "count height width"]:
    """Return random smooth masks with values from 0 to 1 and mean `keep`."""
    cells = min(cells, height, width)
    tall, wide = -(-height // cells), -(-width // cells)
    grid = (torch.rand(count, 1, cells + 1, cells + 1, generator=generator) < keep).float()
    large = F.interpolate(grid, size=((cells + 1) * tall, (cells + 1) * wide), mode="bilinear", align_corners=False)
    rows = torch.randint(tall, (count,), generator=generator).tolist()
    columns = torch.randint(wide, (count,), generator=generator).tolist()
    pairs = zip(large[:, 0], zip(rows, columns, strict=True), strict=True)
    return torch.stack([mask[y : y + height, x : x + width] for mask, (y, x) in pairs])


methods.register("rise")(Method(rise, stochastic=True, signed=True))

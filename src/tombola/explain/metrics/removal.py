"""Insertion, deletion, AOPC: what the network says while parts of the image go, the most important ones first."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics

STEPS = 20
BLUR = 1 / 8
"""Spread of the blur that insertion begins with, as a share of the image's shorter side."""


def deletion(case: Case, steps: int = STEPS) -> Float[np.ndarray, " n"]:
    """Deletion: area under the target's probability while the most important pixels go (Petsiuk et al. 2018).

    They become the mean image, in equal steps, until nothing is left.
    """
    return _areas(case, steps, torch.zeros_like, shown_first=False)


def insertion(case: Case, steps: int = STEPS) -> Float[np.ndarray, " n"]:
    """Insertion: area under the target's probability while the most important pixels come (Petsiuk et al. 2018).

    They replace those of a blurred image (Gaussian, an eighth of the shorter side), in equal steps.
    """
    return _areas(case, steps, blurred, shown_first=True)


def aopc(case: Case, side: int | None = None, share: float = 0.5) -> Float[np.ndarray, " n"]:
    """AOPC: mean loss of the target's probability while the most important squares become noise (Samek et al. 2017).

    Squares of a grid in order of their mean in the map, up to a share of them; noise is uniform between the smallest
    and the largest value of the image, channel by channel.

    Parameters
    ----------
    case
        The maps.
    side
        Of a square in pixels; by default an eighth of the image's shorter side, at least 2.
    share
        Of the squares.
    """
    height, width = case.size
    side = max(2, round(min(height, width) / 8)) if side is None else side
    down, along = -(-height // side), -(-width // side)
    place = (np.arange(height)[:, None] // side) * along + np.arange(width) // side
    pixels = np.bincount(place.ravel(), minlength=down * along)
    last = max(1, round(share * down * along))
    found = np.empty(len(case))
    for number, values in enumerate(case.full):
        draws = case.draws(number, "aopc")
        means = np.round(np.bincount(place.ravel(), values.ravel(), down * along) / pixels, 9)
        order = np.lexsort((draws.random(means.size), -means))
        rank = np.empty(means.size, dtype=np.int64)
        rank[order] = np.arange(means.size)
        image = case.images[number].cpu()
        low, high = (end(image.flatten(1), dim=1).values[:, None, None] for end in (torch.min, torch.max))
        noise = low + (high - low) * torch.from_numpy(draws.random(image.shape)).to(image)
        gone = torch.from_numpy(rank[place][None] < np.arange(last + 1)[:, None, None])
        seen = case.probabilities(torch.where(gone[:, None], noise, image), number)
        found[number] = (seen[0] - seen).mean()
    return found


def blurred(image: Float[Tensor, "c h w"]) -> Float[Tensor, "c h w"]:
    """Return an image without details."""
    spread = BLUR * min(image.shape[1:])
    return torch.from_numpy(gaussian_filter(image.numpy(), (0, spread, spread))).to(image)


def _areas(case: Case, steps: int, ground: Callable[[Tensor], Tensor], *, shown_first: bool) -> Float[np.ndarray, " n"]:
    counts = np.round(np.linspace(0, 1, steps + 1) * case.ranks[0].size)
    found = np.empty(len(case))
    for number, ranks in enumerate(case.ranks):
        image = case.images[number].cpu()
        first = torch.from_numpy(ranks[None] < counts[:, None, None])[:, None]
        other = ground(image)
        variants = torch.where(first, image, other) if shown_first else torch.where(first, other, image)
        found[number] = np.trapezoid(case.probabilities(variants, number), dx=1 / steps)
    return found


metrics.register("deletion")(Metric(deletion, "faithfulness", "lower", 0, 1))
metrics.register("insertion")(Metric(insertion, "faithfulness", "higher", 0, 1))
metrics.register("aopc")(Metric(aopc, "faithfulness", "higher", -1, 1))

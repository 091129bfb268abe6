"""Infidelity and max-sensitivity (Yeh et al. 2019)."""

import numpy as np
import torch
from jaxtyping import Float

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics

DRAWS = 50
SIDES = (1 / 8, 1 / 2)
"""Least and largest side of a square that is removed, as a share of the image's shorter side."""


def infidelity(case: Case, draws: int = DRAWS) -> Float[np.ndarray, " n"]:
    """Infidelity: how far the map is from telling what the score loses when a square is removed (Yeh et al. 2019).

    Mean over random squares of (b m - d)^2, divided by that of d^2: m is the sum of the map in the square, d what the
    target's logit loses when the square becomes the mean image, b the least-squares factor, at least 0. The factor
    makes maps of any scale comparable (the paper's "optimal scaling"); the division leaves 0 for a map that tells
    everything and 1 for one that tells nothing. Own code, as Captum's draws from the process's random state.
    """
    height, width = case.size
    low, high = (max(1, round(share * min(height, width))) for share in SIDES)
    found = np.full(len(case), np.nan)
    for number, values in enumerate(case.full):
        stream = case.draws(number, "infidelity")
        sides = stream.integers(low, high + 1, draws)
        tops, lefts = (np.floor(stream.random(draws) * (end - sides + 1)) for end in (height, width))
        row, column = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
        inside = (row >= tops[:, None, None]) & (row < (tops + sides)[:, None, None])
        inside = inside & (column >= lefts[:, None, None]) & (column < (lefts + sides)[:, None, None])
        # a constant map is worth its area
        held = inside.sum(axis=(1, 2)) if case.degenerate[number] else (inside * values).sum(axis=(1, 2))
        image = case.images[number].cpu()
        variants = torch.cat([image[None], image * ~torch.from_numpy(inside)[:, None]])
        scores = case.logits(variants)[:, int(case.targets[number])].numpy()
        lost = scores[0] - scores[1:]
        size = (held * held).sum()
        factor = max(0.0, (held * lost).sum() / size) if size else 0.0
        if lost.any():
            found[number] = ((factor * held - lost) ** 2).mean() / (lost**2).mean()
    return found


def max_sensitivity(case: Case, radius: float = 0.02, draws: int = 10) -> Float[np.ndarray, " n"]:
    """Max-sensitivity: largest relative change of the map under small noise on the image (Yeh et al. 2019).

    Of `draws` images with uniform noise up to `radius` (in units of the normalised image), the Euclidean size of the
    difference over that of the map; missing where the map is 0.
    """
    if case.explain is None:
        raise ValueError("max-sensitivity needs the method")
    streams = [case.draws(number, "sensitivity") for number in range(len(case))]
    images = case.images.cpu()
    most = np.zeros(len(case))
    for _ in range(draws):
        noise = np.stack([stream.uniform(-radius, radius, images.shape[1:]) for stream in streams])
        maps = case.explain(images + torch.from_numpy(noise).to(images), case.targets)
        most = np.maximum(most, np.sqrt(np.square(maps.astype(np.float64) - case.maps).sum(axis=(1, 2))))
    size = np.sqrt(np.square(case.maps.astype(np.float64)).sum(axis=(1, 2)))
    return np.asarray(np.divide(most, size, out=np.full(len(case), np.nan), where=size > 0))


metrics.register("infidelity")(Metric(infidelity, "faithfulness", "lower", 0, 1))
metrics.register("max-sensitivity")(Metric(max_sensitivity, "faithfulness", "lower", 0, needs=("explain",)))

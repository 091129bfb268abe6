"""ROAD: what the network says when pixels are removed so that their absence does not show (Rong et al. 2022)."""

from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import sparse
from scipy.sparse.linalg import splu
from torch import Tensor

from tombola.explain.metrics.case import Case
from tombola.explain.metrics.metric import Metric, metrics

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
"""Of the pixels that are removed, as in the paper."""
NOISE = 0.01
NEIGHBOURS = {
    **dict.fromkeys(((0, 1), (1, 0), (0, -1), (-1, 0)), 1 / 6),
    **{(down, along): 1 / 12 for down in (-1, 1) for along in (-1, 1)},
}
"""Weights of a pixel's neighbours in the value that it is imputed from."""


def road_most(case: Case, noise: float = NOISE) -> Float[np.ndarray, " n"]:
    """ROAD: mean probability of the target with the most relevant 10 to 90 % of the pixels removed (Rong et al. 2022).

    Removed pixels are solved for as weighted means of their neighbours (noisy linear imputation), plus normal noise.
    """
    return _mean_probabilities(case, noise, "most")


def road_least(case: Case, noise: float = NOISE) -> Float[np.ndarray, " n"]:
    """ROAD: mean probability of the target with the least relevant 10 to 90 % of the pixels removed (Rong et al. 2022).

    Imputed as in `road_most`.
    """
    return _mean_probabilities(case, noise, "least")


def road(case: Case, noise: float = NOISE) -> Float[np.ndarray, " n"]:
    """ROAD: half the difference of what remains without the least and without the most relevant pixels.

    Positive where the map tells important pixels from others; 0 on average for a random one.
    """
    return np.asarray((road_least(case, noise) - road_most(case, noise)) / 2)


def impute(image: Float[Tensor, "c h w"], removed: Bool[np.ndarray, "h w"]) -> Float[Tensor, "c h w"]:
    """Return an image whose removed pixels are the weighted means of their neighbours, removed or not.

    At least one pixel must be left.
    """
    weights = _neighbourhood(*removed.shape)
    gone, kept = np.flatnonzero(removed), np.flatnonzero(~removed)
    if not len(gone):
        return image
    values = image.reshape(len(image), -1).double().numpy().T.copy()
    system = sparse.identity(len(gone), format="csc") - weights[gone][:, gone]
    factors = splu(system.tocsc(), "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    values[gone] = factors.solve(weights[gone][:, kept] @ values[kept])
    return torch.from_numpy(values.T.copy()).to(image).reshape(image.shape)


@cache
def _neighbourhood(height: int, width: int) -> sparse.csr_array:
    """Return the weights of all pixels' neighbours, rows summing to 1."""
    numbers = np.arange(height * width).reshape(height, width)
    rows, columns, values = [], [], []
    for (down, along), weight in NEIGHBOURS.items():
        here = numbers[max(0, -down) : height - max(0, down), max(0, -along) : width - max(0, along)]
        rows.append(here.ravel())
        columns.append(here.ravel() + down * width + along)
        values.append(np.full(here.size, weight))
    found = sparse.csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))))
    return sparse.csr_array(sparse.diags_array(1 / found.sum(axis=1)) @ found)


def _mean_probabilities(case: Case, noise: float, which: Literal["most", "least"]) -> Float[np.ndarray, " n"]:
    key = f"road, {which}, {noise}"
    if key in case.kept:
        return case.kept[key]
    found = np.empty(len(case))
    for number, ranks in enumerate(case.ranks):
        image = case.images[number].cpu()
        spread = noise * torch.from_numpy(case.draws(number, "road").standard_normal(image.shape)).to(image)
        order = ranks if which == "most" else ranks.size - 1 - ranks
        variants = []
        for share in SHARES:
            removed = order < min(round(share * ranks.size), ranks.size - 1)
            variants.append(impute(image, removed) + spread * torch.from_numpy(removed))
        found[number] = case.probabilities(torch.stack(variants), number).mean()
    case.kept[key] = found
    return found


metrics.register("road-most")(Metric(road_most, "faithfulness", "lower", 0, 1))
metrics.register("road-least")(Metric(road_least, "faithfulness", "higher", 0, 1))
metrics.register("road")(Metric(road, "faithfulness", "higher", -0.5, 0.5))

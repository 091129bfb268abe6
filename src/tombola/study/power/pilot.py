"""What a pilot says about a population: share, ties, and how much workers and images differ. By moments.

Votes that share a worker but no image tell the worker's part of the variance, votes that share an image but no worker
that of the image. Reference: explainability 12.2.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.optimize import brentq

from tombola.errors import TombolaError
from tombola.study.power.population import Population, vote_correlation
from tombola.study.statistics.votes import Pair, PairsGiven, decisive, of_pair, pairs_of

CLOSEST = 0.98
"""Largest latent correlation an estimate may have; beyond it votes of a group are the same."""


@dataclass(frozen=True)
class Pilot:
    """A population as pilot answers show it.

    Attributes
    ----------
    pair
        ``A v B``.
    population
        Share, ties and standard deviations.
    answers, workers, images
        What it was estimated from.
    worker_correlation, image_correlation
        Estimated correlation of two votes that share only a worker, or only an image; may be negative by chance, where
        the standard deviation is taken as 0, and is NaN where no two votes share one.
    worker_size
        Mean answers of the worker of an answer.
    seconds
        Median seconds per answer, NaN where they were not measured.
    """

    pair: str
    population: Population
    answers: int
    workers: int
    images: int
    worker_correlation: float
    image_correlation: float
    worker_size: float
    seconds: float


def pilot_populations(answers: pd.DataFrame, pairs: PairsGiven = None) -> list[Pilot]:
    """Return what pairwise answers say about each pair.

    Parameters
    ----------
    answers
        The tidy frame.
    pairs
        Pairs (A, B) as declared; by default those that occur.

    Raises
    ------
    TombolaError
        If there are no pairwise answers, or all decisive votes on a pair are for one side.
    """
    found = [pilot_population(answers, pair) for pair in pairs_of(answers, pairs)]
    if not found:
        raise TombolaError("the pilot has no pairwise main answers to learn from")
    return found


def pilot_population(answers: pd.DataFrame, pair: Pair) -> Pilot:
    """Return what the answers to one pair say; see `pilot_populations`."""
    mine, votes = of_pair(answers, pair), decisive(answers, pair)
    share = float(votes.y.mean()) if votes.n else 0.0
    if not 0 < share < 1:
        raise TombolaError(f"the pilot has no votes for both sides of {pair.label}, so it tells nothing about them")
    worker, image = (shared_correlation(votes.y, votes.worker, votes.image, by) for by in ("worker", "image"))
    parts = [_latent(share, each) for each in (worker, image)]
    rest = max(1 - sum(parts), 1 - CLOSEST)
    sizes = mine.participant.value_counts().to_numpy()
    population = Population(share, 1 - votes.n / len(mine), *(sqrt(part / rest) for part in parts))
    return Pilot(
        pair.label,
        population,
        len(mine),
        len(sizes),
        mine.image.nunique(),
        worker,
        image,
        float((sizes**2).sum() / sizes.sum()),
        float(mine.seconds.median()) if mine.seconds.notna().any() else float("nan"),
    )


def shared_correlation(
    y: Float[np.ndarray, " vote"],
    worker: Int[np.ndarray, " vote"],
    image: Int[np.ndarray, " vote"],
    by: Literal["worker", "image"],
) -> float:
    """Return the correlation of two votes that share a worker (or an image) and nothing else; NaN without such two."""
    deviation = y - y.mean()
    groups = worker if by == "worker" else image
    both = np.unique(np.stack([worker, image]), axis=1, return_inverse=True)[1].ravel()
    products, pairs = (
        whole - inside for whole, inside in zip(_within(deviation, groups), _within(deviation, both), strict=True)
    )
    variance = float(y.mean() * (1 - y.mean()))
    return float(products / pairs / variance) if pairs and variance else float("nan")


def _within(deviation: NDArray[np.float64], groups: NDArray[np.int64]) -> tuple[float, float]:
    """Return the sum of products over ordered pairs of votes in one group, and how many pairs there are."""
    sums, counts = np.bincount(groups, deviation), np.bincount(groups)
    return float((sums**2).sum() - (deviation**2).sum()), float((counts * (counts - 1)).sum())


def _latent(share: float, correlation: float) -> float:
    """Return the latent correlation behind that of votes; 0 where it is not positive."""
    if not correlation > 0:
        return 0.0
    if vote_correlation(share, CLOSEST) <= correlation:
        return CLOSEST
    return float(brentq(lambda latent: vote_correlation(share, latent) - correlation, 0.0, CLOSEST))

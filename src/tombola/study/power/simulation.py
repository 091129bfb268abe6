"""Power by simulation: many studies at once, each judged by the two-way clustered test that analyses real ones.

Reference: explainability 11.1 and 12.2. The vectorised test is the one of `tombola.study.statistics.clustered_share`.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tombola.errors import TombolaError
from tombola.streams import stream_seed
from tombola.study.power.analytic import ALPHA
from tombola.study.power.layout import Layout
from tombola.study.power.population import Population

Test = Literal["clustered", "independent"]
DRAWS = 2000
LARGEST = 50_000
"""Answers beyond which tables have no simulated column: few studies collect as many, and it takes minutes."""
CELLS_AT_ONCE = 2_000_000
"""Answers simulated at once: about 100 MB."""


@dataclass(frozen=True)
class SimulatedPower:
    """What many simulated studies found.

    Attributes
    ----------
    power, se
        Share of studies with p < alpha, and its Monte-Carlo standard error.
    covered
        Share of studies whose 95 % interval holds the true share.
    share_sd
        Standard deviation of the estimated share over studies: what a standard error should be.
    mean_se
        Root mean square of the standard errors that the test used.
    design_effect
        Variance of the estimated share over that of as many independent votes.
    draws
        How many studies.
    """

    power: float
    se: float
    covered: float
    share_sd: float
    mean_se: float
    design_effect: float
    draws: int


def simulate_power(
    population: Population,
    layout: Layout,
    *,
    alpha: float = ALPHA,
    draws: int = DRAWS,
    seed: int = 0,
    test: Test = "clustered",
) -> SimulatedPower:
    """Return how often studies with this population and layout find that the share is not ½.

    Parameters
    ----------
    population
        Who votes how.
    layout
        Who votes on what.
    alpha
        Two-sided level of the test.
    draws, seed
        How many studies, and of which random stream.
    test
        ``clustered``: the two-way clustered test; ``independent``: Pearson's, which takes votes as independent.

    Raises
    ------
    TombolaError
        If there are fewer than 100 draws.
    """
    if draws < 100:
        raise TombolaError(f"draws = {draws}: give at least 100, for the Monte-Carlo error is 0.5 / √draws")
    generator = np.random.Generator(np.random.PCG64(stream_seed(seed, "study/power")))
    shares, errors, decisive, nulls = [], [], [], []
    step = max(1, CELLS_AT_ONCE // max(1, layout.answers))
    for start in range(0, draws, step):
        votes, decided = draw_votes(population, layout, min(step, draws - start), generator)
        share, variance = shares_and_variances(votes, decided, layout)
        counts = decided.sum(1)
        shares.append(share)
        errors.append(np.sqrt(variance))
        nulls.append(np.sqrt(variance if test == "clustered" else 0.25 / np.maximum(counts, 1)))
        decisive.append(counts)
    share, error, null, counts = map(np.concatenate, (shares, errors, nulls, decisive))
    p = 2 * ndtr(-np.abs(share - 0.5) / np.where(null > 0, null, np.inf))
    found = float((p < alpha).mean())
    spread = float(share.std())
    inside = np.abs(share - population.share) <= float(ndtri(0.975)) * error
    independent = population.share * (1 - population.share) / float(counts.mean())
    return SimulatedPower(
        found,
        sqrt(max(found * (1 - found), 1 / draws) / draws),
        float(inside.mean()),
        spread,
        float(np.sqrt((error**2).mean())),
        spread**2 / independent,
        draws,
    )


def draw_votes(
    population: Population, layout: Layout, draws: int, generator: np.random.Generator
) -> tuple[Bool[np.ndarray, "draw answer"], Bool[np.ndarray, "draw answer"]]:
    """Return, per simulated study and answer, whether it is for A, and whether it is for either."""
    effect: NDArray[np.float64] = generator.standard_normal((draws, layout.answers)) + population.threshold
    for sd, groups in ((population.worker_sd, layout.worker), (population.image_sd, layout.image)):
        if sd > 0:
            effect += sd * generator.standard_normal((draws, int(groups.max()) + 1))[:, groups]
    decided = generator.random((draws, layout.answers)) >= population.ties
    return effect > 0, decided


def shares_and_variances(
    votes: Bool[np.ndarray, "draw answer"], decided: Bool[np.ndarray, "draw answer"], layout: Layout
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, " draw"]]:
    """Return share and two-way clustered variance of every study; definition and fallback as `clustered_share`."""
    n = np.maximum(decided.sum(1), 1)
    share = (votes & decided).sum(1) / n
    influence = np.where(decided, votes - share[:, None], 0.0) / n[:, None]
    pairs = np.unique(np.stack([layout.worker, layout.image]), axis=1, return_inverse=True)[1].ravel()
    by_worker, by_image, by_both = (_clustered(influence, groups) for groups in (layout.worker, layout.image, pairs))
    variance = by_worker + by_image - by_both
    larger = np.maximum(by_worker, by_image)
    return share, np.where(variance <= 1e-15 * np.maximum(larger, by_both), larger, variance)


def _clustered(influence: Float[np.ndarray, "draw answer"], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sums = np.add.reduceat(influence[:, order], starts, axis=1)
    found: NDArray[np.float64] = (sums**2).sum(1)
    return found

"""Who votes how: a probit model of pairwise votes with effects of workers and images.

A decisive vote of worker w on image i is for A if t + w + i + e > 0 with e ~ N(0, 1), w ~ N(0, worker_sd²) and
i ~ N(0, image_sd²). Shares and correlations then have closed forms: the share of A over workers and images is
Φ(t / √(1 + worker_sd² + image_sd²)), and two votes that share a worker correlate like two thresholded normals.
Reference: explainability 12.2.
"""

from dataclasses import dataclass
from math import asin, exp, isfinite, pi, sin, sqrt

from scipy.integrate import quad
from scipy.special import ndtri

from tombola.errors import TombolaError


@dataclass(frozen=True)
class Population:
    """A population of votes on one pair.

    Attributes
    ----------
    share
        Share of A among decisive votes, over all workers and images, between 0 and 1.
    ties
        Share of votes for neither.
    worker_sd, image_sd
        Standard deviations of the effects of workers and images, in units of the noise of a single vote.

    Raises
    ------
    TombolaError
        If a value is out of range.

    Examples
    --------
    >>> round(Population(0.6, worker_sd=1.0).worker_correlation, 3)
    0.33
    """

    share: float = 0.5
    ties: float = 0.0
    worker_sd: float = 0.0
    image_sd: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise TombolaError(f"share = {self.share}: give a number between 0 and 1")
        if not 0 <= self.ties < 1:
            raise TombolaError(f"ties = {self.ties}: give a number from 0 to below 1")
        for name in ("worker_sd", "image_sd"):
            if not (isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise TombolaError(f"{name} = {getattr(self, name)}: give a number of at least 0")

    @property
    def total_sd(self) -> float:
        """Standard deviation of what a vote is decided by."""
        return sqrt(1 + self.worker_sd**2 + self.image_sd**2)

    @property
    def threshold(self) -> float:
        """The t that gives the share."""
        return float(ndtri(self.share)) * self.total_sd

    @property
    def worker_correlation(self) -> float:
        """Correlation of two votes (0 or 1) by one worker on different images."""
        return vote_correlation(self.share, (self.worker_sd / self.total_sd) ** 2)

    @property
    def image_correlation(self) -> float:
        """Correlation of two votes (0 or 1) by different workers on one image."""
        return vote_correlation(self.share, (self.image_sd / self.total_sd) ** 2)

    def design_effect(self, worker_size: float, image_size: float) -> float:
        """Return how many answers are worth one, for clusters of mean size Σ n² / Σ n, ties included.

        1 + (1 - ties) [(worker_size - 1) ρ_worker + (image_size - 1) ρ_image]: only decisive votes share anything.
        """
        shared = (worker_size - 1) * self.worker_correlation + (image_size - 1) * self.image_correlation
        return 1 + (1 - self.ties) * shared


def vote_correlation(share: float, latent: float) -> float:
    """Return the correlation of two votes whose latent normals correlate by `latent` (the fourfold correlation).

    Examples
    --------
    >>> round(vote_correlation(0.5, 0.5), 6)  # 2 arcsin(ρ) / π
    0.333333
    """
    if latent <= 0:
        return 0.0
    h = float(ndtri(share))
    # t = sin(a) removes the singularity at 1
    covariance = quad(lambda a: exp(-h * h / (1 + sin(a))) / (2 * pi), 0.0, asin(min(latent, 1.0)))[0]
    return float(covariance / (share * (1 - share)))

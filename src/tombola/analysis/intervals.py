"""Means with their uncertainty: intervals over replicates, paired differences, error bars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError

CONFIDENCE = 0.95
BOOTSTRAP_FROM = 10
"""From this many values on the interval is a bootstrap, below it Student's t."""
RESAMPLES = 10_000
SEED = 0

Spread = Literal["minmax", "interval"]


@dataclass(frozen=True)
class Interval:
    """A mean over replicates with its interval.

    Attributes
    ----------
    mean
        The mean; NaN where there is no value at all.
    low, high
        Ends of the interval; NaN where `n` is below 2, because one value says nothing about its spread.
    n
        How many replicates it rests on.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def known(self) -> bool:
        """Whether there is an interval, not only a mean."""
        return self.n > 1

    @property
    def equal(self) -> bool:
        """Whether all values are equal, so that the interval has no width.

        Accuracies are counts over counts, so a few replicates can agree by chance; no width is no certainty.
        """
        return self.known and bool(np.isclose(self.low, self.high, rtol=1e-9, atol=1e-12))

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval has a width and lies wholly on one side of zero."""
        return self.known and not self.equal and (self.low > 0 or self.high < 0)


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of independent values and an interval for it.

    Below ten values the interval is Student's t; from ten on it is the percentile bootstrap with a fixed seed, so that
    equal values give equal intervals. NaN counts as no value.

    Parameters
    ----------
    values
        One number per replicate, any order.
    confidence
        Coverage of the interval, in (0, 1).

    Raises
    ------
    TombolaError
        If `confidence` is outside (0, 1).

    Examples
    --------
    >>> mean_interval([1.0, 2.0, 3.0])
    Interval(mean=2.0, low=-0.484..., high=4.484..., n=3)
    >>> mean_interval([0.5])
    Interval(mean=0.5, low=nan, high=nan, n=1)
    """
    if not 0 < confidence < 1:
        raise TombolaError(f"confidence = {confidence}: a coverage between 0 and 1 is needed, such as 0.95")
    x = np.asarray(values, np.float64).ravel()
    x = x[~np.isnan(x)]
    n = len(x)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    mean = float(x.mean())
    if n == 1:
        return Interval(mean, np.nan, np.nan, 1)
    if n < BOOTSTRAP_FROM:
        half = float(scipy.stats.t.ppf((1 + confidence) / 2, n - 1) * x.std(ddof=1) / np.sqrt(n))
        return Interval(mean, mean - half, mean + half, n)
    means = np.random.default_rng(SEED).choice(x, (RESAMPLES, n)).mean(1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(mean, float(low), float(high), n)


def paired_difference(
    values: Mapping[int, float], reference: Mapping[int, float], confidence: float = CONFIDENCE
) -> Interval:
    """Return the mean of `values` minus `reference`, replicate by replicate, with its interval.

    Replicates of a run share data order and split, so the difference within a replicate is far less noisy than the
    difference of two means. A replicate that is missing on either side, or NaN there, is left out.

    Examples
    --------
    >>> paired_difference({0: 3.0, 1: 4.0, 2: 9.0}, {0: 1.0, 1: 2.0}).mean
    2.0
    """
    both = sorted(values.keys() & reference.keys())
    return mean_interval([values[r] - reference[r] for r in both], confidence)


def mean_and_errors(
    values: Float[np.ndarray, "replicate ..."], spread: Spread = "minmax"
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean over the first axis and how far error bars reach below and above it.

    Parameters
    ----------
    values
        Replicates first; NaN counts as absent. Where nothing is present all three results are NaN.
    spread
        ``"minmax"``: smallest and largest replicate (asymmetric). ``"interval"``: the 95 % interval; a single
        replicate gets bars of length NaN, which are not drawn.

    Returns
    -------
    mean, below, above
        Arrays of shape ``rest``; the two errors are never negative.

    Raises
    ------
    TombolaError
        If `spread` is neither of the two, or `values` has no replicate axis.
    """
    if spread not in ("minmax", "interval"):
        raise TombolaError(f"spread = {spread!r} is neither 'minmax' nor 'interval'")
    x = np.asarray(values, np.float64)
    if x.ndim == 0:
        raise TombolaError("values to average need an axis of replicates, and a single number has none")
    flat = x.reshape(len(x), -1) if x.size else np.full((1, int(np.prod(x.shape[1:]))), np.nan)
    columns = [_bars(column, spread) for column in flat.T]
    mean, below, above = np.array(columns, np.float64).reshape(-1, 3).T
    return mean.reshape(x.shape[1:]), below.reshape(x.shape[1:]), above.reshape(x.shape[1:])


def _bars(column: NDArray[np.float64], spread: Spread) -> tuple[float, float, float]:
    present = column[~np.isnan(column)]
    if len(present) == 0:
        return np.nan, np.nan, np.nan
    if spread == "minmax":
        mean = float(present.mean())
        return mean, max(mean - float(present.min()), 0.0), max(float(present.max()) - mean, 0.0)
    interval = mean_interval(present)
    return interval.mean, interval.mean - interval.low, interval.high - interval.mean

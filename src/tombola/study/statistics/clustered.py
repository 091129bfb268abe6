"""Shares and differences of shares when answers share workers and images: two-way clustered variances.

Reference: explainability 11.1 and 11.5; Cameron, Gelbach & Miller 2011, Robust inference with multiway clustering.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Bool
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError
from tombola.study.statistics.covariance import Groups, Variance, two_way_variance

CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with what it is worth.

    Attributes
    ----------
    value
        The estimate; NaN without answers.
    se, low, high
        Two-way clustered standard error and 95 % interval (normal); NaN where nothing varies.
    z, p
        Test of the null value, two-sided.
    naive_se, naive_low, naive_high, naive_p
        The same as if all answers were independent. For one share the naive test is Pearson's: the standard error it
        uses is that under the null.
    design_effect
        Clustered variance over that of independent answers: how many answers are worth one.
    n
        Answers.
    variance
        Parts of the clustered variance.
    """

    value: float
    se: float
    low: float
    high: float
    z: float
    p: float
    naive_se: float
    naive_low: float
    naive_high: float
    naive_p: float
    design_effect: float
    n: int
    variance: Variance


def clustered_share(y: ArrayLike, worker: Groups, image: Groups, *, null: float = 0.5, cr1: bool = False) -> Estimate:
    """Return the share of ones with two-way clustered uncertainty, tested against `null`.

    u_i = y_i - p̂; V_G = Σ_g (Σ_{i in g} u_i)² / n²; V = V_worker + V_image - V_both; z = (p̂ - null) / √V.

    Parameters
    ----------
    y
        0 or 1 per answer.
    worker, image
        Who answered, and about which image, as numbers.
    null
        The value tested: ½ for a preference, chance for a choice.
    cr1
        Small-sample factor G / (G - 1); not part of the definition.

    Raises
    ------
    TombolaError
        If the three differ in length.

    Examples
    --------
    >>> found = clustered_share([1, 1, 1, 0], np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    >>> found.value, found.variance.worker
    (0.75, 0.03125)
    """
    values = np.asarray(y, np.float64)
    _same_length(values, worker, image)
    if not len(values):
        return _nothing()
    mean = float(values.mean())
    variance = two_way_variance((values - mean) / len(values), worker, image, cr1=cr1)
    naive, under_null = mean * (1 - mean) / len(values), null * (1 - null) / len(values)
    return _estimate(mean, null, variance, naive, under_null, len(values), (0.0, 1.0))


def clustered_difference(
    y: ArrayLike, first: Bool[np.ndarray, " answer"], worker: Groups, image: Groups, *, cr1: bool = False
) -> Estimate:
    """Return share(first) - share(others), both arms by the same workers about the same images (11.5).

    Influence is (y_i - p̂_a) / n_a in the first arm and -(y_i - p̂_b) / n_b in the other.

    Parameters
    ----------
    y
        0 or 1 (or any number) per answer.
    first
        Whether an answer belongs to the first arm.
    worker, image, cr1
        As in `clustered_share`.
    """
    values, mine = np.asarray(y, np.float64), np.asarray(first, bool)
    _same_length(values, worker, image)
    n_a, n_b = int(mine.sum()), int((~mine).sum())
    if not n_a or not n_b:
        return _nothing()
    mean_a, mean_b = float(values[mine].mean()), float(values[~mine].mean())
    influence = np.where(mine, (values - mean_a) / n_a, -(values - mean_b) / n_b)
    naive = float(values[mine].var()) / n_a + float(values[~mine].var()) / n_b
    variance = two_way_variance(influence, worker, image, cr1=cr1)
    return _estimate(mean_a - mean_b, 0.0, variance, naive, naive, n_a + n_b, (-np.inf, np.inf))


def clustered_mean(values: ArrayLike, worker: Groups, image: Groups, *, cr1: bool = False) -> Estimate:
    """Return the mean of any numbers, one per answer, such as paired changes, tested against 0.

    Parameters as in `clustered_share`; u_i = value_i - mean.
    """
    y = np.asarray(values, np.float64)
    _same_length(y, worker, image)
    if not len(y):
        return _nothing()
    mean, naive = float(y.mean()), float(y.var()) / len(y)
    variance = two_way_variance((y - mean) / len(y), worker, image, cr1=cr1)
    return _estimate(mean, 0.0, variance, naive, naive, len(y), (-np.inf, np.inf))


def two_sided(value: float, se: float, confidence: float = CONFIDENCE) -> tuple[float, float, float, float]:
    """Return interval ends, z and p of a normal estimate against 0."""
    if not se > 0:
        return np.nan, np.nan, np.nan, np.nan
    half = float(scipy.stats.norm.ppf((1 + confidence) / 2)) * se
    return value - half, value + half, value / se, float(2 * scipy.stats.norm.sf(abs(value / se)))


def _estimate(
    value: float,
    null: float,
    variance: Variance,
    naive: float,
    under_null: float,
    n: int,
    bounds: tuple[float, float],
) -> Estimate:
    half = float(scipy.stats.norm.ppf((1 + CONFIDENCE) / 2))
    se, naive_se = (float(np.sqrt(part)) if part > 0 else np.nan for part in (variance.value, naive))
    z = (value - null) / se
    naive_z = (value - null) / float(np.sqrt(under_null)) if under_null > 0 else np.nan
    low, high, naive_low, naive_high = (
        float(np.clip(value + sign * half * error, *bounds)) for error in (se, naive_se) for sign in (-1, 1)
    )
    effect = variance.value / under_null if under_null > 0 else np.nan
    p, naive_p = (float(2 * scipy.stats.norm.sf(abs(each))) for each in (z, naive_z))
    return Estimate(value, se, low, high, z, p, naive_se, naive_low, naive_high, naive_p, effect, n, variance)


def _nothing() -> Estimate:
    nan = float("nan")
    unknown = Variance(nan, nan, nan, nan, False)
    return Estimate(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, unknown)


def _same_length(values: NDArray[np.float64], worker: Groups, image: Groups) -> None:
    if not len(values) == len(worker) == len(image):
        raise TombolaError(f"{len(values)} answers, {len(worker)} workers and {len(image)} images: one each is needed")

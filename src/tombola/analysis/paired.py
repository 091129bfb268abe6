"""Differences with everything a reader asks of them: interval, spread, p-value, and the p-value among its family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import ArrayLike, NDArray

from tombola.analysis.holm import holm
from tombola.analysis.intervals import BOOTSTRAP_FROM, CONFIDENCE, RESAMPLES, SEED, Interval, mean_interval

NAN = float("nan")


@dataclass(frozen=True)
class Difference:
    """A difference of means and what it rests on.

    Attributes
    ----------
    interval
        Mean difference with its 95 % interval; n counts pairs (for unpaired samples the smaller of the two).
    spread
        Standard deviation of the paired differences; NaN below two pairs, and for unpaired samples.
    p
        Two-sided p-value of Student's paired (or Welch's) t test; NaN where there is no spread to test against: below
        two pairs, or where all differences are equal.
    adjusted
        The same after Holm's correction over the family it was tested in; NaN where `p` is, or before `adjust`.
    paired
        Whether replicates were compared one by one.
    """

    interval: Interval
    spread: float = NAN
    p: float = NAN
    adjusted: float = NAN
    paired: bool = True

    @property
    def tested(self) -> bool:
        """Whether there is a p-value."""
        return not np.isnan(self.p)

    @property
    def surely(self) -> bool:
        """Whether the difference stands among its whole family: an adjusted p-value below 0.05."""
        return bool(self.adjusted < 1 - CONFIDENCE)


NO_DIFFERENCE = Difference(Interval(NAN, NAN, NAN, 0))
"""Where there is nothing to compare."""


def paired_test(values: Mapping[int, float], reference: Mapping[int, float]) -> Difference:
    """Return `values` minus `reference`, replicate by replicate, with Student's paired t test.

    Parameters
    ----------
    values, reference
        Replicate -> number. A replicate that is missing on either side, or NaN there, is left out.

    Examples
    --------
    >>> found = paired_test({0: 2.0, 1: 4.0, 2: 6.0}, {0: 1.0, 1: 2.0, 2: 3.0})
    >>> found.interval.mean, found.spread, round(found.p, 4)
    (2.0, 1.0, 0.0742)
    """
    both = sorted(values.keys() & reference.keys())
    x = _numbers([values[r] - reference[r] for r in both])
    interval = mean_interval(x)
    if not interval.known:
        return Difference(interval)
    if _all_equal(x):
        return Difference(interval, 0.0)
    spread = float(x.std(ddof=1))
    t = interval.mean / (spread / np.sqrt(len(x)))
    return Difference(interval, spread, float(2 * scipy.stats.t.sf(abs(t), len(x) - 1)))


def unpaired_test(values: ArrayLike, reference: ArrayLike) -> Difference:
    """Return the mean of `values` minus that of `reference`, two independent samples, with Welch's t test.

    The interval is Welch's below ten values on either side and a bootstrap of both samples from ten on; either sample
    with fewer than two values leaves a difference without interval.
    """
    x, y = _numbers(values), _numbers(reference)
    n = min(len(x), len(y))
    if n == 0:
        return replace(NO_DIFFERENCE, paired=False)
    mean = float(x.mean() - y.mean())
    if n == 1 or (_all_equal(x) and _all_equal(y)):
        ends = NAN if n == 1 else mean
        return Difference(Interval(mean, ends, ends, n), paired=False)
    test = scipy.stats.ttest_ind(x, y, equal_var=False)
    if n < BOOTSTRAP_FROM:
        low, high = test.confidence_interval(CONFIDENCE)
    else:
        draw = np.random.default_rng(SEED)
        means = [draw.choice(sample, (RESAMPLES, len(sample))).mean(1) for sample in (x, y)]
        low, high = np.quantile(means[0] - means[1], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Difference(Interval(mean, float(low), float(high), n), p=float(test.pvalue), paired=False)


def adjust(family: Sequence[Difference]) -> list[Difference]:
    """Return the differences of one family with their Holm-adjusted p-values, in the same order."""
    adjusted = holm([each.p for each in family])
    return [replace(each, adjusted=float(p)) for each, p in zip(family, adjusted, strict=True)]


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, np.float64).ravel()
    return x[~np.isnan(x)]


def _all_equal(x: NDArray[np.float64]) -> bool:
    """Whether all values are equal, up to the last bits that subtracting accuracies leaves."""
    return bool(np.isclose(x.min(), x.max(), rtol=1e-9, atol=1e-12))

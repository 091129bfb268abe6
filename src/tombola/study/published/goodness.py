"""Pearson's goodness of fit of counts to what a hypothesis expects; never to another sample."""

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import ArrayLike

from tombola.errors import TombolaError
from tombola.study.statistics.contingency import ChiSquared

TOLERANCE = 1e-8
"""Largest relative difference of the two totals."""


def goodness_of_fit(observed: ArrayLike, expected: ArrayLike) -> ChiSquared:
    """Test counts against expected counts of the same total.

    Parameters
    ----------
    observed, expected
        Counts per outcome. Expected ones come from a hypothesis. The published study put another condition's counts in
        their place, whose total differs and which are a sample themselves (reference: explainability 10.5).

    Raises
    ------
    TombolaError
        If the totals differ by more than 1e-8 relative, an expected count is not positive, or the lengths differ.

    Examples
    --------
    >>> round(goodness_of_fit([636, 521], [578.5, 578.5]).statistic, 4)
    11.4304
    """
    counts, wanted = np.asarray(observed, np.float64).ravel(), np.asarray(expected, np.float64).ravel()
    if len(counts) != len(wanted) or len(counts) < 2:
        raise TombolaError(f"{len(counts)} observed and {len(wanted)} expected counts: two or more of each are needed")
    if not (wanted > 0).all():
        raise TombolaError("goodness of fit needs expected counts above 0")
    total = counts.sum()
    if not abs(total - wanted.sum()) <= TOLERANCE * max(abs(total), abs(wanted.sum())):
        raise TombolaError(
            f"observed counts sum to {total:g}, expected ones to {wanted.sum():g}: this is no goodness of fit; compare "
            "two samples with the contingency test (tombola.study.statistics.contingency)"
        )
    statistic = float(((counts - wanted) ** 2 / wanted).sum())
    df = len(counts) - 1
    return ChiSquared(statistic, df, float(scipy.stats.chi2.sf(statistic, df)))


def even_split(first: int, second: int) -> ChiSquared:
    """Test two counts against 50:50: χ² = (a - b)² / (a + b), df 1; NaN without any."""
    if first + second == 0:
        return ChiSquared(float("nan"), 1, float("nan"))
    half = (first + second) / 2
    return goodness_of_fit([first, second], [half, half])

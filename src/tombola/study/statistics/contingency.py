"""Pearson's test of a table of counts: the one to use where two samples are compared with each other."""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from numpy.typing import ArrayLike

from tombola.errors import TombolaError


@dataclass(frozen=True)
class ChiSquared:
    """A chi-squared test.

    Attributes
    ----------
    statistic, df, p
        Pearson's statistic, degrees of freedom, upper tail; NaN where there is nothing to test.
    """

    statistic: float
    df: int
    p: float


def contingency(table: ArrayLike) -> ChiSquared:
    """Test whether the rows of a table of counts have the same distribution over its columns.

    Pearson's statistic without a continuity correction; rows and columns without any count are left out. It takes
    answers as independent: with several answers per worker and image it is too sure of itself, and stands beside the
    clustered differences of `tombola.study.statistics.recognition`.

    Parameters
    ----------
    table
        Counts, ``(group, outcome)``.

    Raises
    ------
    TombolaError
        If it is no table of counts.

    Examples
    --------
    >>> found = contingency([[30, 10], [20, 20]])
    >>> round(found.statistic, 4), found.df
    (5.3333, 1)
    """
    counts = np.asarray(table, np.float64)
    if counts.ndim != 2 or (counts < 0).any() or not np.isfinite(counts).all():
        raise TombolaError("a contingency test needs a table of counts, groups by outcomes")
    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if df < 1:
        return ChiSquared(np.nan, 0, np.nan)
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return ChiSquared(statistic, df, float(scipy.stats.chi2.sf(statistic, df)))

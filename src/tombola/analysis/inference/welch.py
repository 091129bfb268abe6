"""Welch's one-sided test of two samples, with the logarithm of p where p itself is too small for a number."""

import warnings
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.special takes a moment to load, which happens where it is first used
from numpy.typing import ArrayLike

SMALLEST = 1e-290
"""Below this p is taken from its logarithm."""


@dataclass(frozen=True)
class Welch:
    """A test of "the first mean is smaller".

    Attributes
    ----------
    t, df
        Statistic and degrees of freedom; NaN where neither sample varies or one has fewer than two values.
    p
        One-sided p; 0 where it is too small for a number.
    log10_p
        Its logarithm to base 10, also there.
    """

    t: float
    df: float
    p: float
    log10_p: float


NO_TEST = Welch(np.nan, np.nan, np.nan, np.nan)


def welch_less(first: ArrayLike, second: ArrayLike) -> Welch:
    """Test whether the mean of the first sample is smaller than that of the second, without assuming equal variances.

    NaN in either sample makes the test NaN, as the published analyses had it.

    Examples
    --------
    >>> welch_less([1, 2, 3], [2, 3, 4.5]).p.__round__(4)
    0.1401
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(a), len(b)) < 2 or np.isnan(a).any() or np.isnan(b).any():
        return NO_TEST
    u, v = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    if u + v == 0:
        return NO_TEST
    t = float((a.mean() - b.mean()) / np.sqrt(u + v))
    df = float((u + v) ** 2 / (u**2 / (len(a) - 1) + v**2 / (len(b) - 1)))
    p = float(scipy.special.stdtr(df, t))
    return Welch(t, df, p, float(np.log10(p)) if p > SMALLEST else log10_tail(df, t))


def log10_tail(df: float, t: float) -> float:
    """Return log10 P(T < t) of Student's t far below zero.

    P = I_x(df / 2, 1 / 2) / 2 with x = df / (df + t²); I_x(a, b) = x^a (1 − x)^b F(a + b, 1; a + 1; x) / (a B(a, b)).
    """
    a, b, x = df / 2, 0.5, df / (df + t * t)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        series = float(scipy.special.hyp2f1(a + b, 1.0, a + 1, x))
    log = a * np.log(x) + b * np.log1p(-x) + np.log(series) - np.log(a) - scipy.special.betaln(a, b) - np.log(2)
    return float(log / np.log(10))

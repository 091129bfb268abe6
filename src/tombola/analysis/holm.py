"""Holm's correction: p-values of several tests, raised so that they may be read together."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted for being several (Holm 1979, A simple sequentially rejective multiple test procedure).

    Calling every adjusted value below 0.05 a difference is wrong even once in at most 5 % of such families, however
    the tests depend on each other. The smallest p is multiplied by the number of tests, the next by one fewer, and so
    on; an adjusted value is never below that of a smaller p and never above 1.

    Parameters
    ----------
    p_values
        One p-value per test, in [0, 1]. NaN is no test: it stays NaN and is not counted.

    Returns
    -------
    array, shape ``(test,)``
        Adjusted p-values in the same order.

    Raises
    ------
    TombolaError
        If a value lies outside [0, 1].

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    return in_order(p_values, lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def in_order(p_values: ArrayLike, raised: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return p-values adjusted in ascending order, at most 1, each where it stood; NaN is no test and stays.

    Parameters
    ----------
    p_values
        One p-value per test, in [0, 1].
    raised
        p-values, ascending -> what they become.

    Raises
    ------
    TombolaError
        If a value lies outside [0, 1].
    """
    p = np.asarray(p_values, np.float64).ravel()
    wrong = p[(p < 0) | (p > 1)]
    if len(wrong):
        raise TombolaError(f"p-value {wrong[0]:g} lies outside [0, 1]")
    adjusted = np.full(len(p), np.nan)
    tests = np.flatnonzero(~np.isnan(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    if len(order):
        adjusted[order] = np.minimum(raised(p[order]), 1)
    return adjusted

"""Benjamini and Hochberg's adjustment, beside Holm's in `tombola.analysis.holm`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted so that calling those below q a finding is wrong in at most a share q of findings.

    Benjamini & Hochberg 1995, Controlling the false discovery rate; for tests that are independent or depend on each
    other positively. NaN is no test: it stays NaN and is not counted.

    Raises
    ------
    TombolaError
        If a value lies outside [0, 1].

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    p = np.asarray(p_values, np.float64).ravel()
    wrong = p[(p < 0) | (p > 1)]
    if len(wrong):
        raise TombolaError(f"p-value {wrong[0]:g} lies outside [0, 1]")
    adjusted = np.full(len(p), np.nan)
    tests = np.flatnonzero(~np.isnan(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    raised = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1) if len(order) else raised
    return adjusted

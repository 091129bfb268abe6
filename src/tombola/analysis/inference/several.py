"""Benjamini and Hochberg's adjustment, beside Holm's in `tombola.analysis.holm`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tombola.analysis.holm import in_order


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
    return in_order(p_values, _raised)


def _raised(p: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = p * len(p) / np.arange(1, len(p) + 1)
    return np.asarray(np.minimum.accumulate(shares[::-1])[::-1])

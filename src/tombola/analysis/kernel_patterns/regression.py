"""Ordinary least squares with intervals: what a regression of distances says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError


@dataclass(frozen=True)
class Fit:
    """A linear fit.

    Attributes
    ----------
    names
        Of the predictors.
    intercept, slopes
        Coefficients.
    low, high
        Ends of the 95 % intervals of slopes (t distribution).
    p
        Of each slope, two-sided.
    r_squared
        Share of variance explained.
    n
        Points.
    """

    names: tuple[str, ...]
    intercept: float
    slopes: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]
    r_squared: float
    n: int


def least_squares(predictors: Sequence[tuple[str, ArrayLike]], response: ArrayLike) -> Fit:
    """Return the fit of a response on predictors and a constant.

    Parameters
    ----------
    predictors
        (name, values).
    response
        Values.

    Raises
    ------
    TombolaError
        If there are too few points, or predictors depend on each other.
    """
    import scipy.stats

    y = np.asarray(response, np.float64)
    columns = [np.asarray(values, np.float64) for _, values in predictors]
    design = np.column_stack([np.ones(len(y)), *columns])
    free = len(y) - design.shape[1]
    names = tuple(name for name, _ in predictors)
    if free < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
        raise TombolaError(f"{len(y)} points do not determine the slopes of {', '.join(names)}; take more settings")
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ y
    left = y - design @ beta
    variance = float(left @ left) / free
    error = np.sqrt(np.diag(inverse) * variance)
    reach = scipy.stats.t.ppf(0.975, free) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * scipy.stats.t.sf(np.abs(beta / error), free)
    total = float(((y - y.mean()) ** 2).sum())
    r_squared = 1 - float(left @ left) / total if total > 0 else float("nan")
    return Fit(names, float(beta[0]), beta[1:], (beta - reach)[1:], (beta + reach)[1:], p[1:], r_squared, len(y))

"""The distance between two samples by any registered measure."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from tombola.analysis.signs.measures.registry import BINS, measures
from tombola.errors import TombolaError

Array = NDArray[np.float64]


def bin_of(values: Array, bins: int = BINS) -> NDArray[np.int64]:
    """Return which of `bins` equal bins of [0, 1] each value falls into: edges k / bins, half-open, the last closed.

    Raises
    ------
    TombolaError
        If a value lies outside [0, 1], or there is no bin.
    """
    if bins < 1:
        raise TombolaError(f"bins = {bins}: at least one is needed")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise TombolaError(
            f"values between {values.min():g} and {values.max():g} do not fit the bins of [0, 1]; "
            "compare such values by w1, ks or energy"
        )
    edges = np.arange(bins) / bins
    return np.searchsorted(edges, values, side="right") - 1


def distance(name: str, a: ArrayLike, b: ArrayLike, *, bins: int = BINS) -> float:
    """Return how unlike two samples of one variable are.

    Parameters
    ----------
    name
        A measure of one variable in `measures`.
    a, b
        Values of any number and order; NaN counts as absent. Measures on bins take values in [0, 1].
    bins
        How many equal bins of [0, 1] measures on bins use.

    Returns
    -------
    float
        NaN where either sample is empty.

    Raises
    ------
    TombolaError
        If the measure is unknown or compares whole rows, or values do not fit its bins.

    Examples
    --------
    >>> distance("w1", [0.0, 1.0], [0.5, 0.5])
    0.5
    """
    measure = measures[name]
    first, second = (values[~np.isnan(values)] for values in (np.asarray(x, np.float64).ravel() for x in (a, b)))
    if not len(first) or not len(second):
        return float("nan")
    if measure.frequencies is not None and measure.support == "bins":
        first, second = bin_of(first, bins) / bins, bin_of(second, bins) / bins
        v = np.arange(bins) / bins
    else:
        v = np.unique(np.concatenate([first, second]))
    counts = [np.bincount(np.searchsorted(v, x), minlength=len(v)).astype(np.int64) for x in (first, second)]
    return float(measure.between(v, *counts))


def joint_distance(
    name: str, a: Float[np.ndarray, "unit variable"], b: Float[np.ndarray, "unit variable"], scale: Array | None = None
) -> float:
    """Return how unlike two samples of rows are, all variables together.

    Parameters
    ----------
    name
        A measure of whole rows in `measures`.
    a, b
        One row per unit; rows with NaN are left out.
    scale
        What counts as one unit of each variable; by default the pooled sd of the two samples. Where several pairs are
        to be compared with each other, give all the same (`pooled_scale`).
    """
    measure = measures[name]
    if measure.rows is None:
        raise TombolaError(f"measure '{name}' compares one variable; use distance")
    first, second = (x[~np.isnan(x).any(1)] for x in (np.asarray(a, np.float64), np.asarray(b, np.float64)))
    if not len(first) or not len(second):
        return float("nan")
    pooled = np.concatenate([first, second])
    p = np.concatenate([np.full(len(first), 1 / len(first)), np.zeros(len(second))])
    q = np.concatenate([np.zeros(len(first)), np.full(len(second), 1 / len(second))])
    return float(measure.rows(pooled, pooled_scale([first, second]) if scale is None else scale)(p, q))


def pooled_scale(samples: list[Array]) -> Array:
    """Return the sd of each variable over all rows of all samples; 1 where it does not vary."""
    rows = np.concatenate(samples)
    sd = rows.std(0) if len(rows) else np.ones(rows.shape[1])
    return np.where(sd > 0, sd, 1.0)

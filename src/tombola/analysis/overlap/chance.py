"""What two masks have in common by chance: the hypergeometric distribution, exactly."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

REACH = 40
"""Standard deviations beyond which a tail adds nothing that a float could hold."""


def expected_common(size: ArrayLike, kept_a: ArrayLike, kept_b: ArrayLike) -> NDArray[np.float64]:
    """Return how many of `size` weights two masks keep in common on average, if neither knows of the other."""
    total = np.asarray(size, np.float64)
    return np.divide(np.multiply(kept_a, kept_b, dtype=np.float64), total, out=np.zeros_like(total), where=total > 0)


def common_variance(size: ArrayLike, kept_a: ArrayLike, kept_b: ArrayLike) -> NDArray[np.float64]:
    """Return the variance of that number."""
    n, a, b = (np.asarray(x, np.float64) for x in (size, kept_a, kept_b))
    whole = n * n * (n - 1)
    return np.divide(a * b * (n - a) * (n - b), whole, out=np.zeros_like(whole * a * b), where=whole > 0)


def z_score(found: ArrayLike, expected: ArrayLike, variance: ArrayLike) -> NDArray[np.float64]:
    """Return standard deviations above chance; NaN where chance leaves no room."""
    spread = np.sqrt(np.asarray(variance, np.float64))
    difference = np.asarray(found, np.float64) - np.asarray(expected, np.float64)
    known = spread > 1e-12
    return np.asarray(np.divide(difference, spread, out=np.full(np.shape(difference), np.nan), where=known))


def log10_tails(common: int, size: int, kept_a: int, kept_b: int) -> tuple[float, float]:
    """Return log10 of the exact chance of at least, and of at most, so many weights in common.

    Parameters
    ----------
    common
        Weights that both keep.
    size
        Weights there are.
    kept_a, kept_b
        Weights that each keeps.

    Examples
    --------
    >>> [round(float(10**tail), 4) for tail in log10_tails(2, 4, 2, 2)]
    [0.1667, 1.0]
    """
    low, high = max(0, kept_a + kept_b - size), min(kept_a, kept_b)
    spread = float(np.sqrt(common_variance(size, kept_a, kept_b)))
    window = int(REACH * spread) + 100
    middle = round(float(expected_common(size, kept_a, kept_b)))

    def tail(first: int, last: int) -> float:
        if first > last:
            return -np.inf
        return float(logsumexp(_log_chance(np.arange(first, last + 1), size, kept_a, kept_b)))

    # of each tail only what lies between its near end and far beyond both that and the middle counts
    more = tail(common, min(high, max(common, middle) + window)) if common > low else 0.0
    less = tail(max(low, min(common, middle) - window), common) if common < high else 0.0
    if common <= middle - window:
        more = 0.0
    if common >= middle + window:
        less = 0.0
    return min(more, 0.0) / np.log(10), min(less, 0.0) / np.log(10)


def _log_chance(common: NDArray[np.int64], size: int, kept_a: int, kept_b: int) -> Float[np.ndarray, " common"]:
    def choose(n: ArrayLike, k: ArrayLike) -> NDArray[np.float64]:
        n, k = np.asarray(n, np.float64), np.asarray(k, np.float64)
        return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    rest = choose(size - kept_a, kept_b - common)
    return np.asarray(choose(kept_a, common) + rest - choose(size, kept_b))

"""How many weights remain per filter, per kernel, at each place and of each sign (signs reference, section 12.5)."""

import numpy as np
import pandas as pd
from jaxtyping import Int

from tombola.analysis.kernel_patterns.kernels import KernelSet


def filter_sizes(kernels: KernelSet) -> Int[np.ndarray, "network filter"]:
    """Return the survivors of every filter."""
    return np.asarray(np.count_nonzero(kernels.signs, axis=(2, 3, 4)))


def filter_table(kernels: KernelSet) -> pd.DataFrame:
    """Return one row per network: mean and population sd of filter sizes, empty filters, filters of one weight."""
    sizes = filter_sizes(kernels)
    return pd.DataFrame(
        {
            "condition": kernels.condition,
            "network": list(kernels.labels),
            "filters": sizes.shape[1],
            "mean": sizes.mean(1),
            "sd": sizes.std(1),
            "empty": (sizes == 0).sum(1),
            "single": (sizes == 1).sum(1),
        }
    )


def kernel_sizes(kernels: KernelSet) -> pd.DataFrame:
    """Return how many kernels keep 0, 1, 2, … weights, beside what independent places would give.

    Expected: binomial at the density of the condition.
    """
    import scipy.stats

    flat = kernels.flat
    sizes, places = np.count_nonzero(flat, axis=1), flat.shape[1]
    counts = np.bincount(sizes, minlength=places + 1)
    density = sizes.sum() / flat.size if flat.size else 0.0
    expected = len(flat) * scipy.stats.binom.pmf(np.arange(places + 1), places, density)
    return pd.DataFrame(
        {"condition": kernels.condition, "weights": np.arange(places + 1), "kernels": counts, "expected": expected}
    )


def position_counts(kernels: KernelSet) -> pd.DataFrame:
    """Return survivors at each place: input channel, row and column of the kernel, over all filters and networks."""
    counts = np.count_nonzero(kernels.signs, axis=(0, 1))
    channel, row, column = (index.ravel() for index in np.indices(counts.shape))
    return pd.DataFrame(
        {
            "condition": kernels.condition,
            "channel": channel,
            "row": row,
            "column": column,
            "survivors": counts.ravel(),
        }
    )


def sign_balance(kernels: KernelSet) -> pd.DataFrame:
    """Return positive and negative survivors per network."""
    flat = kernels.by_network
    positive, negative = (flat > 0).sum((1, 2)), (flat < 0).sum((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = positive / negative
    return pd.DataFrame(
        {
            "condition": kernels.condition,
            "network": list(kernels.labels),
            "positive": positive,
            "negative": negative,
            "ratio": ratio,
        }
    )

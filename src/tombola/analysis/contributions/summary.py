"""What contribution scores come to: how unequal they are, and what they go with."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from tombola.analysis.intervals import mean_interval
from tombola.analysis.signs.table import VARIABLES

GROUP: Final = ["condition", "stage", "level", "layer", "method"]
RESAMPLES: Final = 500
CONFIDENCE: Final = 0.95


def gini(values: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of values that are not negative: 0 if all are equal, near 1 if one has all.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0])), gini(np.array([0.0, 1.0]))
    (0.0, 0.5)
    """
    known = np.sort(values[~np.isnan(values)])
    count, total = len(known), known.sum()
    if not count or total <= 0:
        return np.nan
    return float((2 * np.arange(1, count + 1) - count - 1) @ known / (count * total))


def score_summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how contribution is spread over the units of each condition, stage, level, layer and method.

    Columns: ``networks, units``, ``percentile_95`` of the shares of all units pooled, ``zeros`` among them,
    ``gini, gini_low, gini_high`` and ``top_5_percent`` (part of a layer's contribution that its 5 % strongest units
    hold), ``reliability`` (Spearman correlation between halves of the images): means over networks, 95 % intervals.
    Shares of signed methods are left out.

    Parameters
    ----------
    scores
        From `unit_scores`, or published ones.
    """
    rows = []
    for key, part in scores.groupby(GROUP, sort=False):
        pooled = part.share.dropna().to_numpy()
        each = [network.share.dropna().to_numpy() for _, network in part.groupby("network_id", sort=False)]
        spread = mean_interval([gini(values) for values in each])
        row = dict(zip(GROUP, key, strict=True)) | {"networks": len(each), "units": int(part.score.notna().sum())}
        row["percentile_95"] = float(np.percentile(pooled, 95)) if len(pooled) else np.nan
        row["zeros"] = int((part.score == 0).sum())
        row |= {"gini": spread.mean, "gini_low": spread.low, "gini_high": spread.high}
        row["top_5_percent"] = mean_interval([_top(values) for values in each]).mean
        row["reliability"] = mean_interval(_by_network(part, _halves)).mean
        rows.append(row)
    return pd.DataFrame(rows)


def score_correlations(scores: pd.DataFrame, seed: int = 0, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Return the Spearman correlation of score with each variable of the sign distribution, units pooled.

    Columns: condition, stage, level, layer, method, ``variable, correlation, low, high, networks, units``. The 95 %
    interval is a percentile bootstrap over networks, because units of one network are not independent; NaN for one
    network. Dead units have no rates and are left out.

    Parameters
    ----------
    scores
        With the four variables.
    seed, resamples
        Of the bootstrap.
    """
    rows = []
    for key, part in scores.groupby(GROUP, sort=False):
        alive = part.dropna(subset=["score", *VARIABLES])
        values = alive[["score", *VARIABLES]].to_numpy(np.float64)
        _, owner = np.unique(alive.network_id.to_numpy(str), return_inverse=True)
        found = spearman(values)
        low, high = _bootstrap(values, owner, seed, resamples)
        for position, variable in enumerate(VARIABLES):
            row = dict(zip(GROUP, key, strict=True)) | {"variable": variable, "correlation": found[position]}
            row |= {"low": low[position], "high": high[position]}
            rows.append(row | {"networks": int(owner.max(initial=-1)) + 1, "units": len(values)})
    return pd.DataFrame(rows)


def spearman(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Spearman correlation of the first column with each other one; NaN for constants."""
    if len(columns) < 3:
        return np.full(columns.shape[1] - 1, np.nan)
    ranks = rankdata(columns, axis=0)
    ranks -= ranks.mean(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        norm = np.sqrt((ranks**2).sum(0))
        return np.asarray(ranks[:, 0] @ ranks[:, 1:] / (norm[0] * norm[1:]))


def _bootstrap(values: NDArray[np.float64], owner: NDArray[np.int64], seed: int, resamples: int) -> NDArray[np.float64]:
    networks = int(owner.max(initial=-1)) + 1
    if networks < 2:
        return np.full((2, values.shape[1] - 1), np.nan)
    random, members = np.random.default_rng(seed), [np.flatnonzero(owner == n) for n in range(networks)]
    drawn = random.integers(networks, size=(resamples, networks))
    found = np.array([spearman(values[np.concatenate([members[n] for n in row])]) for row in drawn])
    tail = (1 - CONFIDENCE) / 2
    known = np.isfinite(found).all(0)
    ends = np.full((2, values.shape[1] - 1), np.nan)
    ends[:, known] = np.quantile(found[:, known], [tail, 1 - tail], axis=0)
    return ends


def _top(values: NDArray[np.float64], share: float = 0.05) -> float:
    if not len(values):
        return np.nan
    most = max(1, round(share * len(values)))
    return float(np.sort(values)[-most:].sum())


def _halves(part: pd.DataFrame) -> float:
    if "first_half" not in part:
        return np.nan
    return float(spearman(part[part.dead == ""][["first_half", "second_half"]].dropna().to_numpy(np.float64))[0])


def _by_network(part: pd.DataFrame, measure: Callable[[pd.DataFrame], float]) -> Sequence[float]:
    return [measure(network) for _, network in part.groupby("network_id", sort=False)]

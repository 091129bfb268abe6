"""Whether conditions differ: networks of two conditions are further apart than networks of one, beyond chance."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from tombola.analysis.distances.crossed_effects import CrossedFit, crossed_fit
from tombola.analysis.distances.pairs import square
from tombola.analysis.holm import holm
from tombola.analysis.inference import benjamini_hochberg, cluster_bootstrap, effects, permute_labels

WITHIN_BOTH = ((0, 0), (1, 1))
BETWEEN = ((0, 1),)
BETWEEN_LESS_WITHIN = (-0.5, -0.5, 1.0)
"""Weights of the means of pairs within the first condition, within the second, and between them."""


def compare_conditions(table: pd.DataFrame, layers: Sequence[str] = (), *, seed: int = 0) -> pd.DataFrame:
    """Return one row per entry, layer and pair of conditions that have two networks each at least.

    The statistic is the mean distance between the conditions minus the mean within both of them; the network is the
    unit: p by permuting labels of networks, the interval by resampling networks (signs reference, section 5). Holm's
    and Benjamini and Hochberg's adjustments are over all rows of one entry.

    Beside them stands a model with the network as a random effect on both sides of a pair (`crossed_fit`): the
    difference of its means (both conditions weigh the same within), a 95 % interval, and the standard deviations of
    networks and of pairs. It holds with few networks, where the bootstrap is too narrow, if effects add up.

    Parameters
    ----------
    table
        As from `pair_table`.
    layers
        Which layers, ``all`` for the mean over layers; by default each that is there.
    seed
        Of permutations, where not all are enumerated, and of resamples.

    Returns
    -------
    DataFrame
        ``entry``, ``layer``, ``condition_a``, ``condition_b``, ``n_a``, ``n_b``, ``within``, ``between``,
        ``difference``, ``low``, ``high``, ``p``, ``smallest_p``, ``exact``, ``standardised``, ``superiority``,
        ``model_difference``, ``model_low``, ``model_high``, ``network_sd``, ``pair_sd``, ``p_holm``, ``p_bh``;
        empty where there are no two such conditions.
    """
    conditions = dict(zip([*table.net_a, *table.net_b], [*table.condition_a, *table.condition_b], strict=True))
    names = [*dict.fromkeys(conditions.values())]
    found = []
    for entry in dict.fromkeys(table.entry):
        rows: list[dict[str, Any]] = []
        for layer in layers or dict.fromkeys(table.layer):
            matrix = square(table, entry, layer=layer)
            for one, two in combinations(names, 2):
                rows += _compared(matrix, conditions, one, two, {"entry": entry, "layer": layer}, seed)
        if rows:
            adjusted = [row["p"] for row in rows]
            for row, by_holm, by_bh in zip(rows, holm(adjusted), benjamini_hochberg(adjusted), strict=True):
                found.append({**row, "p_holm": by_holm, "p_bh": by_bh})
    return pd.DataFrame(found)


def _compared(
    matrix: pd.DataFrame, conditions: dict[str, str], one: str, two: str, where: dict[str, str], seed: int
) -> list[dict[str, Any]]:
    labels = [label for label in matrix.index if conditions[label] in (one, two)]
    groups = np.array([int(conditions[label] == two) for label in labels])
    counts = np.bincount(groups, minlength=2)
    if counts.min() < 2:
        return []
    values = matrix.loc[labels, labels].to_numpy()
    test = permute_labels(values, groups, WITHIN_BOTH, BETWEEN, seed=seed)
    low, high = cluster_bootstrap(values, groups, WITHIN_BOTH, BETWEEN, seed=seed)
    size = effects(values, groups, WITHIN_BOTH, BETWEEN)
    same = groups[:, None] == groups
    upper = np.triu(np.ones(values.shape, bool), 1)
    fit = _fitted(values, groups)
    model = fit.contrast(BETWEEN_LESS_WITHIN) if fit else None
    unknown = float("nan")
    return [
        {
            **where,
            "condition_a": one,
            "condition_b": two,
            "n_a": int(counts[0]),
            "n_b": int(counts[1]),
            "within": float(np.nanmean(values[upper & same])),
            "between": float(np.nanmean(values[upper & ~same])),
            "difference": float(test.statistic[0]),
            "low": float(low[0]),
            "high": float(high[0]),
            "p": float(test.p[0]),
            "smallest_p": float(np.min(test.smallest_p)),
            "exact": test.exact,
            "standardised": float(size.standardised[0]),
            "superiority": float(size.superiority[0]),
            "model_difference": model.difference if model else unknown,
            "model_low": model.low if model else unknown,
            "model_high": model.high if model else unknown,
            "network_sd": fit.network_sd if fit else unknown,
            "pair_sd": fit.pair_sd if fit else unknown,
        }
    ]


def _fitted(values: Float[np.ndarray, "network network"], groups: Int[np.ndarray, " network"]) -> CrossedFit | None:
    """Return the model of pairs; None where a kind of pairs has no known distance."""
    first, second = groups[:, None], groups
    kinds = [(first == 0) & (second == 0), (first == 1) & (second == 1), first != second]
    known = np.triu(~np.isnan(values), 1)
    return crossed_fit(values, kinds) if all((known & kind).any() for kind in kinds) else None

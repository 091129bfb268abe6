"""Clusters beside contributions: which kind of unit carries what (reference: signs 8)."""

import numpy as np
import pandas as pd

from tombola.analysis.clusters.statistics import cluster_stats
from tombola.analysis.clusters.verbal import verbal_table
from tombola.analysis.contributions.scores import UNIT
from tombola.analysis.intervals import mean_interval

HEAVY = 2.0
"""A cluster is said to carry more than its part if its share of contribution is so many times its share of units."""


def with_clusters(scores: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return scores with the cluster of each unit; units without one (dead ones) are left out."""
    return scores.merge(rows[[*UNIT, "cluster"]], on=UNIT, how="inner", validate="many_to_one")


def cluster_contributions(joined: pd.DataFrame) -> pd.DataFrame:
    """Return the cluster table with contributions: means, words, ``score`` (mean share of a unit) and ``share``.

    ``share`` is the part of a layer's contribution that a cluster carries: of the sum over all networks of a condition,
    each of which counts as 1. ``share_low, share_high`` is the 95 % interval of that over networks.

    Parameters
    ----------
    joined
        Scores of one method with their clusters, from `with_clusters`.
    """
    stats = cluster_stats(joined)
    keys = ["layer", "condition", "cluster"]
    carried = joined.groupby(keys, sort=False).share.agg(["mean", "sum"])
    whole = joined.groupby(["layer", "condition"], sort=False).share.sum()
    each = carried_by_network(joined)
    for row in stats.index:
        layer, condition, cluster = stats.loc[row, keys]
        stats.loc[row, "score"] = carried.loc[(layer, condition, cluster), "mean"]
        total = float(whole[layer, condition])  # 0 where nothing reaches the output
        own_sum = float(carried.loc[(layer, condition, cluster), "sum"])
        stats.loc[row, "share"] = own_sum / total if total > 0 else np.nan
        own = each[(each.layer == layer) & (each.condition == condition) & (each.cluster == cluster)]
        spread = mean_interval(own.share.to_numpy(np.float64))
        stats.loc[row, ["share_low", "share_high"]] = max(spread.low, 0.0), min(spread.high, 1.0)
    words = verbal_table(stats)
    return words.merge(stats[[*keys, "share_low", "share_high"]], on=keys)


def carried_by_network(joined: pd.DataFrame) -> pd.DataFrame:
    """Return the part of contribution that each cluster carries in every network, 0 where it has no unit."""
    table = joined.pivot_table(
        index=["layer", "condition", "network_id"], columns="cluster", values="share", aggfunc="sum", fill_value=0.0
    )
    parts = table.div(table.sum(axis=1), axis=0)
    return parts.reset_index().melt(["layer", "condition", "network_id"], var_name="cluster", value_name="share")


def findings(table: pd.DataFrame) -> list[str]:
    """Return in words which clusters carry more than their part, and which carry nothing (reference: signs 8).

    Parameters
    ----------
    table
        From `cluster_contributions`.
    """
    said = []
    for row in table.to_dict("records"):
        where = f"{row['condition']}, {row['layer']}"
        kind = f"{row['sign_rate_in_word']} inputs and {row['sign_rate_out_word']} outputs"
        units = f"{row['ratio']:.1%} of the units (cluster {row['cluster']}: {kind})"
        if row["share"] >= HEAVY * row["ratio"] and row["share"] >= 0.1:
            said.append(f"{where}: {units} carry {row['share']:.0%} of the contribution.")
        elif row["share"] < 1e-4:
            said.append(f"{where}: {units} carry next to nothing of it.")
    return said

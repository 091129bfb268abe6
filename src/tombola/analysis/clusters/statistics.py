"""What clusters look like: means, spread and share of every cluster, per condition and per network."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tombola.analysis.intervals import mean_interval
from tombola.analysis.signs.table import VARIABLES


def cluster_stats(rows: pd.DataFrame, variables: Sequence[str] = VARIABLES) -> pd.DataFrame:
    """Return mean and population sd of every variable in each cluster (reference: signs 6).

    One row per layer, condition and cluster: ``layer, condition, cluster, units, ratio`` (share of the units of that
    layer and condition), then ``<variable>_mean, <variable>_sd``.

    Parameters
    ----------
    rows
        Units with a column ``cluster``.
    variables
        Which columns.
    """
    found = []
    for (layer, condition), here in rows.groupby(["layer", "condition"], sort=False):
        for cluster, part in here.groupby("cluster"):
            row: dict[str, object] = {"layer": layer, "condition": condition, "cluster": cluster, "units": len(part)}
            row["ratio"] = len(part) / len(here)
            for variable in variables:
                # the sum of squares, and not pandas' own, as the published files have it
                row[f"{variable}_mean"] = part[variable].mean()
                row[f"{variable}_sd"] = part[variable].std(ddof=0)
            found.append(row)
    return pd.DataFrame(found)


def network_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each network's units that every cluster has; clusters that a network lacks count as 0.

    Columns are ``condition, network_id, replicate, level, layer, cluster, units, ratio``.
    """
    clusters = sorted(rows.cluster.unique())
    found = []
    for (layer, condition, network), part in rows.groupby(["layer", "condition", "network_id"], sort=False):
        first = part.iloc[0]
        for cluster in clusters:
            units = int((part.cluster == cluster).sum())
            found.append((condition, network, first.replicate, first.level, layer, cluster, units, units / len(part)))
    columns = ["condition", "network_id", "replicate", "level", "layer", "cluster", "units", "ratio"]
    return pd.DataFrame(found, columns=columns)


def ratio_intervals(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return the mean share of each cluster over networks with its 95 % interval.

    Columns are ``layer, condition, level, cluster, networks, ratio, low, high``; NaN ends below two networks. Where a
    replicate has several networks (repetitions of a control), they are averaged first.
    """
    found = []
    keys = ["layer", "condition", "level", "cluster"]
    for key, part in ratios.groupby(keys, sort=False):
        each = part.groupby("replicate").ratio.mean()
        spread = mean_interval(each.to_numpy(np.float64))
        found.append((*key, spread.n, spread.mean, spread.low, spread.high))
    return pd.DataFrame(found, columns=[*keys, "networks", "ratio", "low", "high"])

"""Clusters as "LTHSignDistributions" (2024) keeps them in files, read and written as published."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from tombola.analysis.clusters.statistics import cluster_stats
from tombola.analysis.signs.table import VARIABLES
from tombola.errors import TombolaError

HEADER: Final = [*VARIABLES, "cluster"]


def read_clustered(path: Path) -> pd.DataFrame:
    """Return a published ``clustered_sign_distr_<data set>_dense1.csv``: four rates and a cluster for every neuron.

    Which network a neuron belongs to was not kept; rows are in the order of the networks' own files.

    Raises
    ------
    TombolaError
        If it cannot be read, or its columns are other ones.
    """
    try:
        table = pd.read_csv(path, dtype=str)  # as text, so that every number is read to its last bit
    except (ValueError, OSError) as error:
        raise TombolaError(f"{path} cannot be read as a table: {error}") from None
    if list(table.columns) != HEADER:
        raise TombolaError(f"{path} has other columns than clustered sign distributions: {','.join(HEADER)}")
    try:
        return table.astype(dict.fromkeys(VARIABLES, np.float64) | {"cluster": np.int64})
    except ValueError as error:
        raise TombolaError(f"{path} holds what is no number: {error}") from None


def read_stats(path: Path) -> pd.DataFrame:
    """Return a published ``cluster_stats_<data set>.csv`` as a tidy table: ``cluster, variable, mean, sd, ratio``.

    Raises
    ------
    TombolaError
        If it cannot be read, or its columns are other ones.
    """
    try:
        table = pd.read_csv(path, dtype=str).set_index("variable").astype(np.float64)
        numbers = sorted(int(name.removeprefix("mean_c")) for name in table.columns if name.startswith("mean_c"))
        rows = [
            (number, variable, *(table.loc[variable, f"{what}_c{number}"] for what in ("mean", "std", "ratio")))
            for number in numbers
            for variable in table.index
        ]
    except (ValueError, OSError, KeyError) as error:
        raise TombolaError(f"{path} cannot be read as statistics of clusters: {error}") from None
    return pd.DataFrame(rows, columns=["cluster", "variable", "mean", "sd", "ratio"])


def published_stats(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table that ``cluster_stats_<data set>.csv`` holds: a row per variable, three columns per cluster.

    Parameters
    ----------
    rows
        Units of one layer and one condition, with their clusters.
    """
    stats = cluster_stats(rows.assign(layer="", condition=""))
    columns: dict[str, object] = {}
    for row in stats.to_dict("records"):
        number = row["cluster"]
        columns[f"mean_c{number}"] = [row[f"{variable}_mean"] for variable in VARIABLES]
        columns[f"std_c{number}"] = [row[f"{variable}_sd"] for variable in VARIABLES]
        columns[f"ratio_c{number}"] = row["ratio"]
    return pd.DataFrame(columns | {"variable": list(VARIABLES)})


def write_clusters(rows: pd.DataFrame, folder: Path, name: str, layer: str = "dense1") -> tuple[Path, Path]:
    """Write the clusters of one layer and one condition as the two published files, and return where they are.

    Parameters
    ----------
    rows
        Units with their clusters, networks in order.
    folder
        Where to; made where it is missing.
    name
        The data set's name in the files.
    layer
        The layer's name in the first file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clustered = folder / f"clustered_sign_distr_{name}_{layer}.csv"
    stats = folder / f"cluster_stats_{name}.csv"
    rows[HEADER].to_csv(clustered, index=False, lineterminator="\n")
    published_stats(rows).to_csv(stats, index=False, lineterminator="\n")
    return clustered, stats

"""Sections 6 to 8 of the sign reference from the published files: clusters, contributions, and both together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.clusters import clusterings, find_clusters, match_labels, silhouette
from tombola.analysis.clusters.published_clusters import published_stats, read_clustered, read_stats
from tombola.analysis.contributions.by_cluster import cluster_contributions, with_clusters
from tombola.analysis.contributions.published_scores import join_scores
from tombola.analysis.contributions.summary import score_correlations, score_summary
from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.signs.published_distributions import read_distributions
from tombola.analysis.signs.table import VARIABLES

COUNTS: Final = {"CIFAR": (2221, 266, 1171, 23), "CINIC": (1594, 162, 1431, 17)}
SILHOUETTES: Final = {"CIFAR": {4: 0.373, 2: 0.547, 3: 0.371}, "CINIC": {4: 0.357, 2: 0.351, 3: 0.350}}
STANDARDISED: Final = 0.48
SPREAD: Final = {"CIFAR": (0.0216, 19, 0.784), "CINIC": (0.0223, 28, 0.851), "RSN": (0.0157, 1, 0.669)}
"""95th percentile of pooled scores, zeros, mean Gini."""
SPEARMAN: Final = {"CIFAR": (-0.52, -0.55, 0.82, 0.29), "CINIC": (-0.54, -0.53, 0.66, 0.30)}
CARRIED: Final = {
    ("CIFAR", 0): (0.603, 0.00252, 0.374),
    ("CIFAR", 2): (0.318, 0.000289, 0.023),
    ("CIFAR", 1): (0.072, 0.0341, 0.604),
    ("CIFAR", 3): (0.006, 2.02e-9, 0.0),
    ("CINIC", 0): (0.498, 0.00389, 0.413),
    ("CINIC", 2): (0.447, 0.000446, 0.043),
    ("CINIC", 1): (0.051, 0.0504, 0.544),
    ("CINIC", 3): (0.005, 1.73e-10, 0.0),
}
"""Share of units, mean score, share of contribution."""

RANKS_NOTE: Final = "pooled over all units, with ties averaged, it is .8147; the reference prints .82"
CHANGED_NOTE: Final = "scaling changes the clusters: the published ones are those of the unscaled sign rates"


def clusters_cells(folder: Path) -> list[Cell]:
    """Return the cells of sections 6 to 8 that the files of a folder determine.

    Parameters
    ----------
    folder
        Holds ``sign_distributions``, ``clusters`` and ``contributions``; what is missing is left out.
    """
    if not (folder / "clusters").is_dir() and not (folder / "contributions").is_dir():
        return []
    rows = read_distributions(folder / "sign_distributions")
    rows = rows[(rows.layer == "dense1") & ~rows.get("pruned_percent", pd.Series(np.nan, rows.index)).notna()]
    rows = rows.assign(neuron=rows.groupby("network_id").cumcount())
    published = _published(folder, rows)
    cells = [cell for name, part in published.items() for cell in _cluster_cells(folder, name, part)]
    cells += _matching_cells(published)
    if (folder / "contributions").is_dir():
        scores = join_scores(folder / "contributions", rows)
        cells += _score_cells(scores)
        if published:
            cells += _carried_cells(scores, pd.concat(list(published.values())))
    return cells


def _published(folder: Path, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each data set with the published clusters, joined by position."""
    found = {}
    for name in COUNTS:
        path = folder / "clusters" / f"clustered_sign_distr_{name}_dense1.csv"
        if path.is_file():
            found[name] = rows[rows.condition == name].assign(cluster=read_clustered(path).cluster.to_numpy())
    return found


def _cluster_cells(folder: Path, name: str, part: pd.DataFrame) -> Iterator[Cell]:
    points, theirs = part[list(VARIABLES)].to_numpy(np.float64), part.cluster.to_numpy()
    own = clusterings["ward-signs2024"](points, [4])[4]
    matched = match_labels(points, own, points, theirs)
    for cluster, count in enumerate(COUNTS[name]):
        yield Cell("6 clusters", name, f"c{cluster} units", count, int((matched == cluster).sum()), 0)
    yield Cell("6 clusters", name, "adjusted Rand index with the published", 1.0, _agreement(own, theirs), 1e-12)
    for k, value in SILHOUETTES[name].items():
        labels = clusterings["ward-signs2024"](points, [k])[k]
        yield Cell("6 clusters", name, f"silhouette k={k}", value, silhouette(points, labels), 5e-4)
    scaled = clusterings["ward"](points, [4])[4]
    yield Cell(
        "6 clusters", name, "ARI when standardised", STANDARDISED, _agreement(scaled, theirs), 5e-3, CHANGED_NOTE
    )
    path = folder / "clusters" / f"cluster_stats_{name}.csv"
    if path.is_file():
        ours = published_stats(part.assign(cluster=matched)).set_index("variable")
        for row in read_stats(path).to_dict("records"):
            for what, short in (("mean", "mean"), ("sd", "std"), ("ratio", "ratio")):
                value = float(ours.loc[row["variable"], f"{short}_c{row['cluster']}"])
                column = f"{short}_c{row['cluster']}"
                yield Cell("6 cluster statistics", f"{name} {row['variable']}", column, row[what], value, 1e-12)


def _matching_cells(published: Mapping[str, pd.DataFrame]) -> Iterator[Cell]:
    """Yield how many units get the published label, which was given by hand, when labels are matched by centres."""
    if len(published) < 2:
        return
    rows = pd.concat([part.rename(columns={"cluster": "theirs"}) for part in published.values()])
    found = find_clusters(rows, method="ward-signs2024", explore=False).rows
    for name, part in found.groupby("condition", sort=False):
        yield Cell(
            "6 clusters", str(name), "equal labels after matching", 1.0, float((part.cluster == part.theirs).mean()), 0
        )


def _score_cells(scores: pd.DataFrame) -> Iterator[Cell]:
    for row in score_summary(scores).to_dict("records"):
        name = row["condition"]
        if name in SPREAD:
            percentile, zeros, gini = SPREAD[name]
            yield Cell("7 contributions", name, "pooled 95th percentile", percentile, row["percentile_95"], 5e-5)
            yield Cell("7 contributions", name, "zeros", zeros, row["zeros"], 0)
            yield Cell("7 contributions", name, "mean Gini", gini, row["gini"], 5e-4)
    for row in score_correlations(scores).to_dict("records"):
        if row["condition"] in SPEARMAN:
            theirs = SPEARMAN[row["condition"]][VARIABLES.index(row["variable"])]
            note = f"95 % interval over networks {row['low']:.2f} to {row['high']:.2f}"
            ties = abs(theirs - row["correlation"]) > 0.005
            note = f"{RANKS_NOTE}; {note}" if ties else note
            column = f"Spearman with {row['variable']}"
            yield Cell("7 contributions", row["condition"], column, theirs, row["correlation"], 5e-3, note)


def _carried_cells(scores: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Cell]:
    table = cluster_contributions(with_clusters(scores, rows))
    for row in table.to_dict("records"):
        ratio, score, share = CARRIED[row["condition"], row["cluster"]]
        name = f"{row['condition']} c{row['cluster']}"
        yield Cell("8 clusters and contributions", name, "ratio", ratio, row["ratio"], 5e-4)
        yield Cell("8 clusters and contributions", name, "mean score", score, row["score"], 5e-3, relative=True)
        yield Cell("8 clusters and contributions", name, "share", share, row["share"], 5e-4)


def _agreement(own: NDArray[np.int64], theirs: NDArray[np.int64]) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(own, theirs))

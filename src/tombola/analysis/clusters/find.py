"""Clusters of sign distributions: units sorted, layer by layer, together or condition by condition."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tombola.analysis.clusters.choice import choose_k, k_curve, silhouette
from tombola.analysis.clusters.matching import match_labels
from tombola.analysis.clusters.methods import Clustering, clusterings
from tombola.analysis.clusters.stability import stability
from tombola.analysis.signs.table import VARIABLES
from tombola.errors import TombolaError
from tombola.telling import Tell, silent, walked

FEWEST = 10
"""Units that a layer needs to be clustered."""

CURVE_COLUMNS = ["layer", "condition", "k", "silhouette", "gap", "gap_error", "bic"]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Units with their clusters, and how these were found.

    Attributes
    ----------
    rows
        The rows that were clustered, with the column ``cluster``.
    curves
        Criteria over the number of clusters: columns ``layer, condition, k, silhouette, gap, gap_error, bic``.
    quality
        One row per clustering: ``layer, condition, method, scaling, k, chosen_by, units, networks, silhouette,
        stability, stability_low`` (mean and 5th percentile of the adjusted Rand index).
    left_out
        Layers with too few units.
    """

    rows: pd.DataFrame
    curves: pd.DataFrame
    quality: pd.DataFrame
    left_out: tuple[str, ...] = ()


def find_clusters(
    rows: pd.DataFrame,
    *,
    method: str = "ward",
    k: int | None = None,
    criterion: str = "silhouette",
    joint: bool | None = None,
    variables: Sequence[str] = VARIABLES,
    explore: bool = True,
    seed: int = 0,
    tell: Tell = silent,
) -> Clusters:
    """Sort units into clusters, every layer apart (reference: signs 6).

    Parameters
    ----------
    rows
        Living hidden units, as from `tombola.analysis.signs`: ``network_id``, ``condition``, ``layer`` and the
        variables.
    method
        A registered clustering.
    k
        Number of clusters; None: what the method stands for, else the criterion decides, once per layer, on the mean of
        the conditions' curves.
    criterion
        ``silhouette``, ``gap`` or ``bic``.
    joint
        One clustering over all conditions, or one for each with labels matched to the first condition's; None: as the
        method has it.
    variables
        What units are compared by.
    explore
        Whether to compute curves and stability, too; without, k must be known.
    seed
        Of everything that is drawn.
    tell
        Hears how many layers are done.

    Raises
    ------
    TombolaError
        If no layer has ten units, or there are fewer units than clusters.
    """
    how = clusterings[method]
    together = how.joint if joint is None else joint
    number = how.k if k is None else k
    if number is not None and number < 1:
        raise TombolaError(f"k = {number}: at least one cluster is needed; leave it out to have it chosen")
    rows = rows.dropna(subset=list(variables))
    parts, curves, quality, left_out = [], [], [], []
    for layer, here in walked([*rows.groupby("layer", sort=False)], "layers, clusters", tell):
        groups = {str(name): part for name, part in here.groupby("condition", sort=False)}
        if together:
            groups = {"all": here}
        if min(map(len, groups.values())) < FEWEST:
            left_out.append(str(layer))
            continue
        points = {name: part[list(variables)].to_numpy(np.float64) for name, part in groups.items()}
        if explore or number is None:
            found = [k_curve(x, how, seed).assign(layer=layer, condition=name) for name, x in points.items()]
            curves += found
        chosen = number or choose_k(pd.concat(found).groupby("k", as_index=False).mean(numeric_only=True), criterion)
        labels = _labels(points, how, chosen, seed)
        for name, part in groups.items():
            parts.append(part.assign(cluster=labels[name]))
            made: dict[str, object] = {"layer": layer, "condition": name, "method": method}
            made["scaling"] = "standardised" if how.standardise else "unscaled"
            made |= {"k": chosen, "chosen_by": "given" if k else "method" if how.k else criterion}
            made |= {"units": len(part), "networks": part.network_id.nunique()}
            made["silhouette"] = silhouette(how.prepared(points[name]), labels[name], seed)
            drawn = stability(points[name], labels[name], _networks(part), how, seed=seed) if explore else np.empty(0)
            quality.append(made | _agreement(drawn))
    if not parts:
        raise TombolaError(f"no layer has {FEWEST} living hidden units in every condition; there is nothing to cluster")
    return Clusters(
        pd.concat(parts, ignore_index=True),
        pd.concat(curves, ignore_index=True)[CURVE_COLUMNS] if curves else pd.DataFrame(columns=CURVE_COLUMNS),
        pd.DataFrame(quality),
        tuple(left_out),
    )


def _labels(points: dict[str, NDArray[np.float64]], how: Clustering, k: int, seed: int) -> dict[str, NDArray[np.int64]]:
    """Return the labels of every group, those after the first matched to the first."""
    labels: dict[str, NDArray[np.int64]] = {}
    first = next(iter(points))
    for name, x in points.items():
        own = how(x, [k], seed)[k]
        labels[name] = match_labels(x, own, points[first], labels[first]) if labels else own
    return labels


def _networks(part: pd.DataFrame) -> NDArray[np.str_]:
    """Return which network each unit belongs to; the same one in two conditions counts as one."""
    return part.network_id.to_numpy(str)


def _agreement(drawn: NDArray[np.float64]) -> dict[str, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return {"stability": np.nan, "stability_low": np.nan}
    return {"stability": float(known.mean()), "stability_low": float(np.quantile(known, 0.05))}

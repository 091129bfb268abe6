"""The analysis ``clusters``: units sorted by how much of them is pruned and by the signs that remain."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from tombola.analysis.clusters import (
    Clusters,
    cluster_stats,
    clusterings,
    find_clusters,
    in_words,
    network_ratios,
    ratio_intervals,
    verbal_table,
)
from tombola.analysis.material import chain_note
from tombola.analysis.signs.table import VARIABLES, alive, hidden, sign_table
from tombola.errors import TombolaError, nearest
from tombola.plots.analyses import clusters_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses
from tombola.telling import Tell, silent

OPTIONS: dict[str, tuple[Any, str]] = {
    "method": ("ward", f"how units are clustered: {', '.join(clusterings)}"),
    "k": (0, "number of clusters; 0: what the method stands for, else chosen"),
    "criterion": ("silhouette", "what chooses k: silhouette, gap or bic"),
    "scope": ("", "joint: one clustering over all conditions; apart: one each, labels matched [the method's own]"),
    "variables": (VARIABLES, "what units are compared by"),
    "seed": (0, "of samples, mixtures and resampled networks"),
}
SCOPES = ("", "joint", "apart")


def compute(material: Material) -> Result:
    """Clusters of units by pruned fraction and sign balance of their weights in and out, layer by layer."""
    found = clusters_of(sign_table(material.views), tell=material.tell, **material.options)
    return replace(found, notes=[*found.notes, *chain_note(material.views)])


def clusters_of(table: pd.DataFrame, tell: Tell = silent, **given: Any) -> Result:
    """Return the analysis of a table of sign distributions, which may come from published files.

    Parameters
    ----------
    table
        From `sign_table`, or `tombola.analysis.signs.published_distributions.read_distributions`.
    tell
        Hears how many layers are done.
    **given
        Options of the analysis.
    """
    options = {name: default for name, (default, _) in OPTIONS.items()} | given
    found = clustered(table, options, tell)
    shares = network_ratios(found.rows)
    table_of_words = verbal_table(cluster_stats(found.rows))
    tables = {
        "words": in_words(table_of_words),
        "clusters": table_of_words,
        "shares": ratio_intervals(shares),
        "shares_by_network": shares,
        "quality": found.quality,
        "choice": found.curves,
        "units": found.rows,
    }
    return Result(tables, notes(table, found, options), "words")


def clustered(table: pd.DataFrame, options: dict[str, Any], tell: Tell = silent) -> Clusters:
    """Return the clusters of the living hidden units of a sign table.

    Raises
    ------
    TombolaError
        For an unknown method, criterion or scope.
    """
    if options["scope"] not in SCOPES:
        raise TombolaError(f"scope = '{options['scope']}'{nearest(options['scope'], SCOPES[1:])}")
    return find_clusters(
        hidden(alive(table)),
        method=options["method"],
        k=options["k"] or None,
        criterion=options["criterion"],
        joint={"": None, "joint": True, "apart": False}[options["scope"]],
        variables=_variables(options["variables"]),
        seed=options["seed"],
        tell=tell,
    )


def _variables(given: Sequence[str]) -> tuple[str, ...]:
    for name in given:
        if name not in VARIABLES:
            raise TombolaError(f"variables: '{name}'{nearest(name, VARIABLES)}")
    if not given:
        raise TombolaError(f"variables: name one at least{nearest('', VARIABLES)}")
    return tuple(given)


def notes(table: pd.DataFrame, found: Clusters, options: dict[str, Any]) -> list[str]:
    """Return what a reader must know of clusters."""
    units = hidden(table)
    dead, layers = int((units.dead != "").sum()), list(dict.fromkeys(found.rows.layer))
    quality = found.quality
    joint = set(quality.condition) == {"all"}
    said = [
        f"{found.rows.network_id.nunique()} networks, {len(found.rows):,} living hidden units of "
        f"{', '.join(name.removesuffix('.weight') for name in layers)}; effective masks; {dead:,} dead units left out "
        "(they have no rates).",
        f"Clustering '{options['method']}' by {', '.join(options['variables'])}, {quality.scaling.iloc[0]}, "
        + ("all conditions together." if joint else "each condition apart, labels matched by their centres.")
        + f" k: {_chosen(quality)}.",
        "Stability is the adjusted Rand index of clusterings of resampled networks, here "
        f"{quality.stability.min():.2f} to {quality.stability.max():.2f} on average; 1 is the same partition, 0 is "
        "chance. Below 0.8 which cluster a unit is in hangs on which networks were drawn.",
        "A clustering always returns clusters: k of them, whether the units fall into groups or not. "
        + _silhouettes(quality.silhouette),
    ]
    if joint and found.rows.level.nunique() > 1 and any(name.startswith("prune") for name in options["variables"]):
        said.append(
            "Levels differ in density first of all, and so do clusters over several of them: compare by signs alone "
            "(--set variables=sign_rate_in,sign_rate_out) or level by level (--set scope=apart)."
        )
    if edge := _at_the_edge(found):
        said.append(f"In {edge} the criterion chose the largest number that was tried: no number stands out there.")
    if found.left_out:
        said.append(f"Left out, with too few living units: {', '.join(found.left_out)}.")
    return said


def _silhouettes(values: "pd.Series[float]") -> str:
    """Return what silhouettes say; a single cluster has none."""
    if values.isna().all():
        return "One cluster has no silhouette: nothing says that the units fall into groups."
    return f"The silhouettes here ({values.min():.2f} to {values.max():.2f}) speak for " + (
        "groups." if values.min() > 0.5 else "a continuum that was cut, rather than groups."
    )


def _at_the_edge(found: Clusters) -> str:
    """Return the layers whose number of clusters was chosen among several and is the largest one tried."""
    most = found.curves.groupby("layer").k.max()
    most = most[most > 1]
    chosen = found.quality[~found.quality.chosen_by.isin(["given", "method"])].drop_duplicates("layer")
    layers = [row["layer"] for row in chosen.to_dict("records") if row["k"] == most.get(row["layer"])]
    return ", ".join(str(layer).removesuffix(".weight") for layer in layers)


def _chosen(quality: pd.DataFrame) -> str:
    each = quality.drop_duplicates("layer").to_dict("records")
    return ", ".join(f"{str(row['layer']).removesuffix('.weight')} {row['k']} ({row['chosen_by']})" for row in each)


analyses.register("clusters")(
    Analysis(
        compute,
        {"pair_grids": figures.pair_grids, "shares": figures.shares, "choice": figures.choice},
        OPTIONS,
    )
)

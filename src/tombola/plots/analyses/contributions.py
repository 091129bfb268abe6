"""The analysis ``contributions``: how much each unit adds to the right answer, and which kind of unit carries it."""

from typing import Any

import pandas as pd

from tombola.analysis.clusters import clusterings, find_clusters, in_words
from tombola.analysis.contributions import (
    DEFAULT_METHODS,
    Images,
    agreement,
    agreement_summary,
    cluster_contributions,
    findings,
    methods,
    score_correlations,
    score_summary,
    stage_agreement,
    unit_scores,
    with_clusters,
)
from tombola.analysis.material import chain_note
from tombola.analysis.signs.table import sign_table
from tombola.analysis.wording import count
from tombola.errors import TombolaError
from tombola.plots.analyses import contributions_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

OPTIONS: dict[str, tuple[Any, str]] = {
    "methods": (DEFAULT_METHODS, f"scores, the first one in figures and by cluster: {', '.join(methods)}"),
    "part": ("test", "images: test, validation or train"),
    "images": (500, "how many of them, evenly spaced; 0: all"),
    "clustering": ("ward", f"clusters to sum contributions by: {', '.join(clusterings)}; none for none"),
    "k": (0, "number of clusters; 0: chosen"),
    "classes": (False, "write the scores by true class, too (a large table)"),
    "device": ("cpu", "where to compute: auto, cpu, cuda"),
    "seed": (0, "of samples and resampled networks"),
}


def compute(material: Material) -> Result:
    """Contributions of units to the right answer, held against what switching a unit off costs."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    if material.data is None:
        raise TombolaError("contributions need images; analyse runs, whose data are known")
    names = tuple(options["methods"])
    images = Images.of(material.data, options["part"], options["images"])
    scores, classes = unit_scores(material.views, images, names, device=options["device"], tell=material.tell)
    first = scores[scores.method == names[0]]
    found = agreement(scores)
    tables = {
        "summary": score_summary(scores),
        "agreement": agreement_summary(found),
        "correlations": score_correlations(first, options["seed"]),
    }
    said: list[str] = []
    if options["clustering"] != "none" and not methods[names[0]].signed:
        found_clusters, said = _by_cluster(material, first, options)
        if len(found_clusters):
            tables = {"words": in_words(found_clusters), "clusters": found_clusters} | tables
    stages = stage_agreement(scores)
    if len(stages):
        tables["stages"] = stages
    tables |= {"agreement_by_network": found, "units": scores}
    if options["classes"]:
        tables["classes"] = classes
    summary = "words" if "words" in tables else "summary"
    return Result(tables, [*_notes(material, scores, images, options), *said], summary, {"method": names[0]})


def _by_cluster(material: Material, first: pd.DataFrame, options: dict[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    rows = sign_table(material.views)
    rows = rows[(rows.dead == "") & rows.fan_out.notna()]
    try:
        found = find_clusters(
            rows, method=options["clustering"], k=options["k"] or None, seed=options["seed"], tell=material.tell
        )
    except TombolaError as reason:
        return pd.DataFrame(), [f"No clusters: {reason}."]
    table = cluster_contributions(with_clusters(first, found.rows))
    said = findings(table)
    return table, said or ["No cluster carries twice its share of units or more."]


def _notes(material: Material, scores: pd.DataFrame, images: Images, options: dict[str, Any]) -> list[str]:
    names, layers = list(options["methods"]), list(dict.fromkeys(scores.layer))
    stages = ", ".join(dict.fromkeys(view.stage for view in material.views))
    dead = scores[(scores.method == names[0]) & (scores.dead != "")]
    said = [
        f"{count(len(material.views), 'network')} ({stages} weights), {len(images):,} images of the "
        f"{options['part']} part, "
        f"hidden units of {', '.join(name.removesuffix('.weight') for name in layers)}; effective masks. {len(dead):,} "
        "dead units have score 0 by definition.",
        *(f"{name}: {methods[name].summary}" for name in names),
        "Reliability is the rank correlation between halves of the images: no method can agree with another better "
        "than with itself.",
    ]
    said += chain_note(material.views)
    replicates = len({(view.run, view.replicate) for view in material.views})
    if replicates < 5:
        said.append(
            f"Intervals rest on {count(replicates, 'replicate')}; they say how these networks differ, and little "
            "about others. "
            "Units of different replicates cannot be paired: their order is arbitrary."
        )
    if "ablation-loss" not in names:
        said.append("Without 'ablation-loss' among the methods nothing says whether scores measure what matters.")
    if any(name.startswith("ablation") for name in names):
        said.append("Ablation takes one unit at a time: units that can stand in for each other all look dispensable.")
    return said


analyses.register("contributions")(
    Analysis(
        compute,
        {
            "pair_grids": figures.pair_grids,
            "score_grid": figures.score_grid,
            "carried": figures.carried,
            "agreement": figures.agreement,
        },
        OPTIONS,
        needs_data=True,
    )
)

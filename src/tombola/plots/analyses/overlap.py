"""The analysis ``overlap``: what masks have in common, beside chance, and what lives on over levels."""

from collections.abc import Sequence

import pandas as pd

from tombola.analysis.material import NetworkView
from tombola.analysis.overlap import overlap_summary, overlap_table, survival_table
from tombola.analysis.overlap.pairs import WHOLE
from tombola.analysis.wording import count
from tombola.plots.analyses import overlap_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses


def compute(material: Material) -> Result:
    """Weights that masks keep in common, pair by pair and layer by layer, and their signs, beside chance."""
    table = overlap_table(material.views)
    summary = overlap_summary(table)
    tables = {"glance": _glance(summary), "summary": summary, "pairs": table}
    living = survival_table(material.views)
    if len(living):
        tables["survival"] = living
    order = {view.label: view.condition for view in material.views}
    return Result(tables, _notes(material.views, table), "glance", {"conditions": order})


def _glance(summary: pd.DataFrame) -> pd.DataFrame:
    """Return what the whole networks have in common, beside chance."""
    whole = summary[summary.layer == WHOLE]
    return pd.DataFrame(
        {
            "conditions": [
                one if one == two else f"{one} - {two}"
                for one, two in zip(whole.condition_a, whole.condition_b, strict=True)
            ],
            "relation": whole.relation,
            "pairs": whole.pairs,
            "jaccard": whole.jaccard,
            "by chance": whole.jaccard_expected,
            "same sign": whole.same_sign,
            "sign by chance": whole.same_sign_expected,
        }
    )


def _notes(views: Sequence[NetworkView], table: pd.DataFrame) -> list[str]:
    layers = [layer.name.removesuffix(".weight") for layer in views[0].layers]
    stages = ", ".join(dict.fromkeys(view.stage for view in views))
    whole = table[table.layer == WHOLE]
    said = [
        f"{count(len(views), 'network')}, {count(len(whole), 'pair')}, layers {', '.join(layers)}; effective masks, "
        "signs of the "
        f"{stages} weights. Row 'all' is the sum over layers.",
        "Chance (expected, z, exact hypergeometric tails): each mask keeps as many weights of a layer as it does, "
        "anywhere. Chance by input: as many of every input. What z by input leaves is agreement beyond which inputs "
        "are used; it means something where inputs are the same ones: in the first layer, and between networks that "
        "share their initial weights.",
        "Hidden units have no order: between networks of other initial weights the overlap of later layers, weight "
        "by weight, is chance, however alike they are. Distances that match units first (`analyse distances`) answer "
        "that.",
        "z and tails count weights, and thousands of them make any small agreement certain: they say that two masks "
        "agree more than by chance, not how much. Look at Jaccard beside its chance. Pairs that share a network are "
        "not independent.",
    ]
    shared = whole[(whole.relation != "same network, other level") & (whole.shared_init.eq(True))]
    if len(shared):
        said.append(f"{len(shared)} pairs of different networks share their initial weights; see column shared_init.")
    return said


analyses.register("overlap")(
    Analysis(
        compute,
        {"overlap": figures.overlap, "signs": figures.signs, "survival": figures.survival},
    )
)

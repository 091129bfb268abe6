"""The analysis ``kernel-patterns``: what kernels of a convolution look like, and what that explains of distances."""

from typing import Any

import pandas as pd

from tombola.analysis.kernel_patterns import (
    adjacency_table,
    census,
    cooccurrence_table,
    explain,
    filter_sizes,
    filter_table,
    kernel_sets,
    kernel_sizes,
    position_counts,
    sign_balance,
)
from tombola.plots.analyses import kernel_patterns_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses

OPTIONS: dict[str, tuple[Any, str]] = {
    "layer": ("", "name of the convolution, by default the first"),
    "weights": (2, "weights of the patterns that are counted"),
    "positions": ("uniform", "null of the patterns: places uniform, or observed (as often as each is kept)"),
    "draws": (999, "permutations of the test of adjacency"),
    "explain": ("", "condition whose mutual distance is to be explained by synthetic layers; empty for none"),
    "seed": (0, "of permutations and synthetic layers"),
}
TOP = 40
"""Patterns per condition that the table holds."""


def compute(material: Material) -> Result:
    """Weights per filter and kernel, places, signs, co-occurrence, adjacency, signed patterns of one convolution."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    sets = kernel_sets(material.views, options["layer"] or None)
    seed = options["seed"]
    tables = {
        "adjacency": adjacency_table(sets, draws=options["draws"], seed=seed),
        "filters": pd.concat([filter_table(each) for each in sets], ignore_index=True),
        "kernel_sizes": pd.concat([kernel_sizes(each) for each in sets], ignore_index=True),
        "positions": pd.concat([position_counts(each) for each in sets], ignore_index=True),
        "signs": pd.concat([sign_balance(each) for each in sets], ignore_index=True),
        "cooccurrence": pd.concat([cooccurrence_table(each) for each in sets], ignore_index=True),
        "census": pd.concat(
            [census(each, options["weights"], positions=options["positions"]).head(TOP) for each in sets],
            ignore_index=True,
        ),
    }
    name = options["layer"] or next(layer.name for layer in material.views[0].layers if len(layer.shape) == 4)
    shape = sets[0].signs.shape[1:]
    counts = ", ".join(f"{each.condition or 'networks'} n = {len(each.labels)}" for each in sets)
    notes = [
        f"Layer {name} ({' x '.join(map(str, shape))}), effective masks; {counts}. A survivor that is exactly 0 has no "
        "sign and is counted as absent.",
        "Adjacency is tested by permutation within kernels (places at random) and between kernels (each place keeps "
        "its survivors); kernels of one network are no independent replicates: p says that a network's kernels are not "
        "random, not that conditions differ.",
    ]
    if options["explain"]:
        chosen = next((each for each in sets if each.condition == options["explain"]), None)
        if chosen is None:
            from tombola.errors import TombolaError, nearest

            names = [each.condition for each in sets]
            raise TombolaError(f"explain = '{options['explain']}' is no condition{nearest(options['explain'], names)}")
        explained = explain(chosen, seed=seed)
        tables["explained"], tables["synthetic"] = explained.fits, explained.points
        notes.append(
            f"Mean distance within {chosen.condition} {explained.within:.4f}, of random layers to it "
            f"{explained.random:.4f}: a gap of {explained.gap:.4f}, of which the table 'explained' gives shares."
        )
    if tables["census"].empty:
        notes.append(f"No kernel keeps exactly {options['weights']} weights, so there are no patterns to count.")
    tables = {name: table for name, table in tables.items() if len(table)}
    more = {"sizes": {each.condition: filter_sizes(each) for each in sets}}
    return Result(tables, notes, "explained" if options["explain"] else next(iter(tables)), more)


analyses.register("kernel-patterns")(
    Analysis(
        compute,
        {
            "sizes": figures.sizes,
            "positions": figures.positions,
            "cooccurrence": figures.together,
            "census": figures.patterns,
            "explained": figures.explained,
        },
        OPTIONS,
    )
)

"""The analysis ``distances``: how far apart networks are, beside what chance gives."""

from itertools import combinations, product
from typing import Any

import pandas as pd

from tombola.analysis.distances import (
    Compute,
    Network,
    Settings,
    compare_conditions,
    group_means,
    null_models,
    pair_table,
    square,
    tie_spread,
)
from tombola.analysis.distances.nulls import DRAWS, WHOLE
from tombola.analysis.material import chain_note
from tombola.analysis.wording import count
from tombola.plots.analyses import distances_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses
from tombola.telling import Tell, walked

OPTIONS: dict[str, tuple[Any, str]] = {
    "entries": (("nnstd", "sasd"), "distances: nnstd, sasd, maed, or as published: nnstd-sna2023, sasd-2022, ..."),
    "alignment": ("greedy", "none, greedy, weights (weight matching), search (local search)"),
    "outputs": ("fixed", "units of the output layer: fixed or matched"),
    "empty": ("exclude", "pairs of empty units: exclude or zero"),
    "nulls": (("layer-density",), f"null models: {', '.join(null_models)}; none for no null models"),
    "draws": (DRAWS, "pairs of null networks per pair"),
    "ties": (0, "random tie-breaks per pair, for the spread that hangs on ties"),
    "layers": ((), "layer names, by default all prunable ones"),
    "device": ("cpu", "where matrix products run"),
    "seed": (0, "of null models, tie-breaks, random starts and permutations"),
}


def compute(material: Material) -> Result:
    """Distances between networks, pair by pair and layer by layer, with null models and tests between conditions."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    networks = [Network.of_view(view, options["layers"]) for view in material.views]
    settings = Settings(
        options["alignment"],
        options["outputs"],
        options["empty"],
        seed=options["seed"],
        compute=Compute(options["device"]),
    )
    entries, nulls = tuple(options["entries"]), tuple(null for null in options["nulls"] if null != "none")
    table = pair_table(
        networks, entries, settings, nulls=nulls, draws=options["draws"], seed=options["seed"], tell=material.tell
    )
    groups = group_means(table)
    tests = compare_conditions(table, (WHOLE,), seed=options["seed"])
    tables = {"groups": groups[groups.layer == WHOLE], "pairs": table, "groups_by_layer": groups}
    if len(tests):
        tables["comparisons"] = tests
    for entry in entries:
        matrix = square(table, entry)
        tables[f"matrix_{entry}"] = matrix.rename_axis("network").reset_index()
    if options["ties"]:
        tables["ties"] = _ties(networks, entries, settings, options["ties"], options["seed"], material.tell)
    more = {"conditions": {network.label: network.condition for network in networks}, "nulls": nulls}
    notes = [*_notes(networks, table, tests, settings, nulls, options), *chain_note(material.views)]
    return Result(tables, notes, "groups", more)


def _ties(
    networks: list[Network], entries: tuple[str, ...], settings: Settings, repeats: int, seed: int, tell: Tell
) -> pd.DataFrame:
    rows = []
    for entry, (one, two) in walked([*product(entries, combinations(networks, 2))], "ties of pairs", tell):
        found = tie_spread(one, two, entry, settings, repeats=repeats, seed=seed)
        rows.append(
            {
                "net_a": one.label,
                "net_b": two.label,
                "entry": entry,
                "value": found.value,
                "lowest": found.lowest,
                "highest": found.highest,
                "sd": found.sd,
            }
        )
    return pd.DataFrame(rows)


def _notes(
    networks: list[Network],
    table: pd.DataFrame,
    tests: pd.DataFrame,
    settings: Settings,
    nulls: tuple[str, ...],
    options: dict[str, Any],
) -> list[str]:
    layers = [name.removesuffix(".weight") for name in networks[0].layers]
    notes = [
        f"{count(len(networks), 'network')}, {count(len(table.drop_duplicates(['net_a', 'net_b'])), 'pair')}, "
        "effective masks, "
        f"{len(layers)} layers ({', '.join(layers)}). Distances {', '.join(options['entries'])}: alignment "
        f"'{settings.alignment}', output units {settings.outputs}, pairs of empty units "
        f"{'left out' if settings.empty == 'exclude' else 'count as 0'}; a network's value is the mean over layers. "
        "Entries with a source in their name follow that source instead."
    ]
    whole = table[table.layer == WHOLE]
    empty = whole.drop_duplicates(["net_a", "net_b"]).empty_pairs
    if empty.max() > 0:
        notes.append(
            f"Up to {int(empty.max())} of {int(whole.units.max())} matched pairs of units are empty on both sides."
        )
    shared = whole[whole.shared_init == True]  # noqa: E712 (missing values are neither)
    if len(shared):
        notes.append(
            f"{len(shared.drop_duplicates(['net_a', 'net_b']))} pairs share their initial weights, which makes signed "
            "and weight distances small whatever their masks are; see column shared_init."
        )
    if nulls:
        notes.append(
            f"z and percentile are against {options['draws']} pairs of null networks per pair ({', '.join(nulls)}), "
            "aligned in the same way. A raw distance says nothing: it grows as density falls."
        )
    else:
        notes.append("No null model was drawn; a raw distance says nothing, since it grows as density falls.")
    return notes + _power(tests)


def _power(tests: pd.DataFrame) -> list[str]:
    if tests.empty:
        return ["No two conditions have two networks each, so there is nothing to test."]
    notes = ["Tests permute networks between conditions; pairs that share a network are not independent."]
    few = tests[tests.smallest_p > 0.05]
    if len(few):
        counts = min(few.n_a.min(), few.n_b.min())
        notes.append(
            f"With {counts} networks in a condition p cannot fall below {few.smallest_p.min():.3g}: so few networks "
            "support no claim of a difference, however large it looks."
        )
    return notes


analyses.register("distances")(
    Analysis(
        compute,
        {
            "matrices": figures.matrices,
            "ordered": figures.ordered,
            "layers": figures.layers,
            "boxes": figures.boxes,
            "z_scores": figures.z_scores,
            "z_matrices": figures.z_matrices,
        },
        OPTIONS,
    )
)

"""Section 3 of the signs reference: every published distance recomputed, and its printed values."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_printed import (
    CORRECTED_SPOTS,
    MEAN_SETS,
    MEANS,
    MEASURES,
    SPOTS,
    lines,
    printed,
)
from tombola.analysis.signs.distances import Distances
from tombola.analysis.signs.pair_sets import published_pair_sets
from tombola.analysis.signs.published_similarities import MEANS_FILE, STALE, Lists, means_table, read_means

EXACT = 1e-12
LAYER = "dense1"
MISPRINTED = {("jsd", "prune_rate_out", "RSN"): "misprinted in the reference: the published list averages .042746"}
PAIRS = ("CIFAR", "RSN_CIFAR")
"""Whose first elements are printed: tickets 0 and 1, and random network 0 with ticket 0."""


def distance_cells(ours: Lists, theirs: Lists, folder: Path) -> Iterator[Cell]:
    """Yield the cells of section 3.

    Parameters
    ----------
    ours
        Recomputed lists.
    theirs
        The published ones.
    folder
        Which may hold ``mean_std_similarities.csv``.
    """
    for key, sets in theirs.items():
        if key in ours:
            yield from _lists(key, ours[key], sets)
    yield from _spots(ours)
    yield from _means(ours)
    for path in sorted(folder.rglob(MEANS_FILE)):
        yield from _published_means(ours, path)


def corrected_spot_cells(found: Distances) -> Iterator[Cell]:
    """Yield the printed W1 and KS of the same two pairs."""
    pairs = {each.name: each.pairs(found.conditions) for each in published_pair_sets()}
    for variable, *values in lines(CORRECTED_SPOTS):
        for i, (pair, measure) in enumerate((pair, measure) for pair in PAIRS for measure in ("w1", "ks")):
            first, second = pairs[pair]
            ours = float(found.cells[LAYER, variable, measure].values[first[0], second[0]])
            yield printed(
                "3.2 corrected spot values", f"{variable}, first of {pair}", measure, values[i], ours, digits=6
            )


def _lists(key: tuple[str, str, str], ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> Iterator[Cell]:
    layer, variable, measure = key
    where = f"{layer} {variable} {measure}"
    sizes = sum(len(values) for values in theirs.values())
    agreeing = sum(_agreeing(ours.get(name, []), values) for name, values in theirs.items())
    yield Cell("3 distances in the files", where, "values within 1e-12", float(sizes), float(agreeing), 0)
    for pair in PAIRS:
        if theirs.get(pair) and ours.get(pair):
            yield Cell("3.2 spot values in the files", where, f"first of {pair}", theirs[pair][0], ours[pair][0], EXACT)


def _agreeing(ours: list[float], theirs: list[float]) -> int:
    if len(ours) != len(theirs):
        return 0
    return int(np.isclose(ours, theirs, rtol=0, atol=EXACT, equal_nan=True).sum())


def _spots(ours: Lists) -> Iterator[Cell]:
    for i, (variable, *values) in enumerate(lines(SPOTS)):
        pair = PAIRS[i % 2]
        for measure, text in zip(MEASURES, values, strict=True):
            found = ours.get((LAYER, variable, measure), {}).get(pair)
            if found:
                yield printed("3.2 spot values", f"{variable}, first of {pair}", measure, text, found[0], digits=6)


def _means(ours: Lists) -> Iterator[Cell]:
    for measure, variable, *values in lines(MEANS):
        for i, name in enumerate(MEAN_SETS):
            found = ours.get((LAYER, variable, measure), {}).get(name)
            if not found:
                continue
            row = f"{measure} {variable}, {name}"
            note = MISPRINTED.get((measure, variable, name), "")
            yield printed("3.2 condition means", row, "mean", values[2 * i], float(np.mean(found)), note)
            if values[2 * i + 1] != "-":
                yield printed("3.2 condition means", row, "population sd", values[2 * i + 1], float(np.std(found)))


def _published_means(ours: Lists, path: Path) -> Iterator[Cell]:
    theirs, mine = read_means(path), means_table(ours)
    keys = ["layer", "variable", "similarity_measure"]
    found = {(str(name), *row[keys]): row for name, row in mine.iterrows()}
    for name, row in theirs.iterrows():
        same = found.get((str(name), *row[keys]))
        if same is None:
            continue
        off = STALE.get(str(row.similarity_measure), 0.0)
        note = f"the published mean is stale by {off:g}; add {-off:g}" if off else ""
        where = f"{row.layer} {row.variable} {row.similarity_measure}, {name}"
        yield Cell(MEANS_FILE, where, "mean", float(row["mean"]), float(same["mean"]), 1e-9, note)
        if off:
            yield Cell(MEANS_FILE, where, "mean, set right", float(row["mean"]) - off, float(same["mean"]), 1e-9)
        yield Cell(MEANS_FILE, where, "std", float(row["std"]), float(same["std"]), 1e-9)

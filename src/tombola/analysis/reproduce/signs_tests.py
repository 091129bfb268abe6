"""Section 5 of the signs reference: published tests, and the verdicts of tests that hold."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.signs_printed import (
    ACCEPTED_BY_HYPOTHESIS,
    ACCEPTED_BY_MEASURE,
    CORRECTED,
    MEAN_SETS,
    MEASURES,
    P_VALUES,
    lines,
    printed,
)
from tombola.analysis.signs.distances import Distances
from tombola.analysis.signs.hypotheses import HOLDS, hypothesis_table, ticket_hypotheses
from tombola.analysis.signs.pair_sets import published_pair_sets
from tombola.analysis.signs.published_similarities import Lists
from tombola.analysis.signs.published_tests import published_tests
from tombola.analysis.signs.table import VARIABLES

LAYER = "dense1"
RESULTS_FILE = "significance_test_results.csv"
TICKETS, RANDOM = ("CIFAR", "CINIC", "SVHN"), "RSN"
TINY = "an underflow in the published table"
CHANGED = "published accepted by {} of 7 measures: exact values measure sample sizes there"


def published_cells(ours: Lists, folder: Path) -> Iterator[Cell]:
    """Yield published p-values and counts of accepted hypotheses, recomputed as published."""
    tests = published_tests(ours)
    if tests.empty:
        return
    keyed: Any = tests.set_index(["layer", "variable", "hypothesis", "similarity_measure"])
    for variable, hypothesis, *values, accepted in lines(P_VALUES):
        row = f"{variable} {hypothesis}"
        for measure, text in zip(MEASURES, values, strict=True):
            if (LAYER, variable, hypothesis, measure) in keyed.index:
                found = keyed.loc[(LAYER, variable, hypothesis, measure)]
                log = float(found.log10_p)
                note = f"{TINY}; log10 p = {log:.1f}" if text == "0" and found["p-value"] == 0 else ""
                yield printed("5 published p-values", row, measure, text, float(found["p-value"]), note, digits=3)
        counted = tests[(tests.layer == LAYER) & (tests.variable == variable) & (tests.hypothesis == hypothesis)]
        if len(counted) == len(MEASURES):
            yield Cell("5 accepted of 7", row, "measures", float(accepted), float(counted.accepted.sum()), 0)
    mine = tests[tests.layer == LAYER]
    for column, theirs in (("hypothesis", ACCEPTED_BY_HYPOTHESIS), ("similarity_measure", ACCEPTED_BY_MEASURE)):
        for name, count in theirs.items():
            part = mine[mine[column] == name]
            if len(part) == (28 if column == "hypothesis" else 16):
                yield Cell("5 accepted in dense1", name, "cells", float(count), float(part.accepted.sum()), 0)
    for path in sorted(folder.rglob(RESULTS_FILE)):
        yield from _file(keyed, path)


def verdict_cells(found: Distances) -> Iterator[Cell]:
    """Yield mean W1 of each pair set, and whether H1 to H4 hold by permutation of labels, for W1 and KS."""
    pairs = {each.name: each.pairs(found.conditions) for each in published_pair_sets(TICKETS, RANDOM)}
    asked = {key: matrices for key, matrices in found.cells.items() if key[0] == LAYER and key[2] in ("w1", "ks")}
    tests = hypothesis_table(replace(found, cells=asked), ticket_hypotheses(TICKETS, RANDOM))
    keyed: Any = tests.set_index(["layer", "variable", "measure", "hypothesis"])
    accepted = {(variable, hypothesis): int(words[-1]) for variable, hypothesis, *words in lines(P_VALUES)}
    for variable, *values in lines(CORRECTED):
        for name, text in zip(MEAN_SETS, values[:4], strict=True):
            ours = float(np.mean(found.cells[LAYER, variable, "w1"].values[pairs[name]]))
            yield printed("5 corrected: mean W1", variable, name, text, ours)
        for hypothesis, text in zip(("H1", "H2", "H3", "H4"), values[4:], strict=True):
            for measure in ("w1", "ks"):
                row = keyed.loc[(LAYER, variable, measure, hypothesis)]
                count = accepted[variable, hypothesis]
                note = CHANGED.format(count) if (count < 4) == (row.verdict == HOLDS) else ""
                where = f"{variable} {hypothesis} by {measure} ({row.verdict}; p = {row.p:.2g})"
                holds = float(row.verdict == HOLDS)
                yield Cell("5 corrected: holds (1) or not (0)", where, "verdict", float(text), holds, 0, note)


def _file(keyed: Any, path: Path) -> Iterator[Cell]:
    theirs = pd.read_csv(path)
    for row in theirs.to_dict("records"):
        key = (row["layer"], row["variable"], row["hypothesis"], row["similarity_measure"])
        if key in keyed.index and row["variable"] in VARIABLES:
            ours = float(keyed.loc[key, "p-value"])
            yield Cell(RESULTS_FILE, " ".join(map(str, key)), "p-value", row["p-value"], ours, 1e-6, relative=True)

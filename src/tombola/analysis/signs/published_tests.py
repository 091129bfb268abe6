"""H1 to H4 as "LTHSignDistributions" (2024) tested them: Welch's t over pairs taken as independent, nothing corrected.

Hundreds of pairs come from 60 networks, so these p-values are far too small (reference: signs 5). They are here to
repeat published tables; `tombola.analysis.signs.hypotheses` has the tests to believe.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tombola.analysis.inference import welch_less
from tombola.analysis.signs.measures.published import PUBLISHED
from tombola.analysis.signs.table import VARIABLES

ALPHA = 0.05
HYPOTHESES = {
    "H1": ("within_WTs", "between_WTs_and_RSN"),
    "H2": ("RSN", "between_WTs_and_RSN"),
    "H3": ("within_WTs", "between_WT_datasets"),
    "H4": ("between_WT_datasets", "between_WTs_and_RSN"),
}
"""Name -> the pair sets whose first mean is claimed to be smaller."""

Lists = Mapping[tuple[str, str, str], Mapping[str, Sequence[float]]]
"""(layer, variable, published id of a measure) -> pair set -> distances, as in the published files."""


def published_tests(lists: Lists) -> pd.DataFrame:
    """Return the published tests of distance lists, as ``significance_test_results.csv`` has them, with log10 of p.

    Columns are ``hypothesis, accepted, p-value, layer, variable, similarity_measure, log10_p``. A p-value below what a
    number can hold is 0, as published.
    """
    rows = []
    for (layer, variable, measure), sets in lists.items():
        for name, (smaller, larger) in HYPOTHESES.items():
            if not len(sets.get(smaller, ())) or not len(sets.get(larger, ())):
                continue
            test = welch_less(sets[smaller], sets[larger])
            row = {"hypothesis": name, "accepted": bool(test.p <= ALPHA), "p-value": test.p, "layer": layer}
            rows.append(row | {"variable": variable, "similarity_measure": measure, "log10_p": test.log10_p})
    return pd.DataFrame(rows)


def wide_table(tests: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return ``hypotheses_table_<layer>.csv``: a row per variable and hypothesis, a pair of columns per measure."""
    mine = tests[tests.layer == layer]
    known = [measure for measure in PUBLISHED if measure in set(mine.similarity_measure)]
    rows = []
    for variable in (variable for variable in VARIABLES if variable in set(mine.variable)):
        for hypothesis in HYPOTHESES:
            part = mine[(mine.variable == variable) & (mine.hypothesis == hypothesis)].set_index("similarity_measure")
            row: dict[str, object] = {"variable": variable, "hypothesis": hypothesis}
            for measure in (measure for measure in known if measure in part.index):
                row[f"accepted_{measure}"] = bool(part.accepted[measure])
                row[f"p-value_{measure}"] = float(part["p-value"][measure])
            rows.append(row)
    return pd.DataFrame(rows)


def counts(tests: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Return ``hypotheses_counts_<layer>.csv``: how many measures accept each hypothesis, by variable."""
    mine = tests[tests.layer == layer]
    table = mine.groupby(["variable", "hypothesis"], sort=False).accepted.sum().unstack("hypothesis")
    return table.reindex([variable for variable in VARIABLES if variable in table.index]).astype(np.int64)

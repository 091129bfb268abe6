"""Which tests an analysis makes, each under one name, so that families can be declared beforehand."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from tombola.study.answers import records
from tombola.study.statistics.recognition import TESTS

COLUMNS: Final = ("test", "family", "estimate", "p")
MEASURED: Final = "right - wrong"


def collect_tests(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the tests in the tables of an analysis: ``test, family, estimate, p``.

    Without declared families the tests of one question are one: ``preference`` (share of each pair), ``classes`` (does
    it differ between classes), ``recognition`` (correct, each two conditions), ``abstention``, ``accuracy`` (against
    chance), ``trust`` and ``change``. Tests are named ``share A v B``, ``classes A v B``, ``recognition A - B``,
    ``abstention A - B``, ``accuracy TASK CONDITION``, ``trust CONDITION``, ``change CONDITION``.
    """
    rows: list[tuple[str, str, float, float]] = []
    for row in _rows(tables, "shares"):
        rows.append((f"share {row['pair']}", "preference", row["share"], row["p"]))
    for row in _rows(tables, "class_heterogeneity"):
        if row["kind"] == "clustered":
            rows.append((f"classes {row['pair']}", "classes", row["chi2"], row["p"]))
    for row in _rows(tables, "recognition_differences"):
        kind = TESTS.get(row["outcome"])
        if kind is not None:
            rows.append((f"{kind} {row['first']} - {row['second']}", kind, row["difference"], row["p"]))
    for row in _rows(tables, "task_accuracy"):
        if row["chance"] is not None:  # forward simulation has none to be tested against
            rows.append((f"accuracy {row['task']} {row['condition']}", "accuracy", row["accuracy"], row["p"]))
    for row in _rows(tables, "trust"):
        if row["measure"] == MEASURED:
            rows.append((f"trust {row['condition']}", "trust", row["value"], row["p"]))
    for row in _rows(tables, "change"):
        rows.append((f"change {row['condition']}", "change", row["change"], row["p"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(tables: Mapping[str, pd.DataFrame], name: str) -> "list[dict[str, Any]]":
    return records(tables[name]) if name in tables else []

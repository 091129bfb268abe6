"""Small tables as CSV files."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Table = Sequence[Mapping[str, Any]]
"""Rows of plain values, all with the same columns."""


def csv_text(table: Table) -> str:
    """Return a table as CSV, its columns those of the first row; floats read back as the same numbers."""
    text = io.StringIO()
    if table:
        writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return text.getvalue()

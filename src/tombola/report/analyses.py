"""Analyses that were made of a run (`tombola analyse`), as sections of its report."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tombola.analysis.wording import table_cell
from tombola.store import Run

FOLDER = "analysis"
ROWS = 30
"""Rows of a table the page shows; the file has all."""


@dataclass(frozen=True)
class Shown:
    """One analysis as the page shows it; figures are (name, SVG in base64): as images they cannot run anything."""

    name: str
    about: str
    networks: str
    notes: list[str]
    columns: list[str]
    rows: list[list[str]]
    more: int
    pictures: list[tuple[str, str]]


def analyses(run: Run) -> list[Shown]:
    """Return the analyses that lie in a run's folder; what is damaged or half written is left out."""
    found = []
    for file in sorted((run.path / FOLDER).glob("*/analysis.json")):
        try:
            found.append(_shown(file))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _shown(file: Path) -> Shown:
    content = json.loads(file.read_text())
    name, table = str(content["analysis"]), content["summary"]
    frame = pd.read_csv(file.parent / f"{table}.csv") if table else pd.DataFrame()
    conditions = pd.Series([network["condition"] for network in content["networks"]]).value_counts(sort=False)
    return Shown(
        name=name,
        about=str(content["about"]),
        networks="; ".join(f"{condition}: {count} networks" for condition, count in conditions.items()),
        notes=[str(note) for note in content["notes"]],
        columns=[str(column) for column in frame.columns],
        rows=[[table_cell(value) for value in row] for row in frame.head(ROWS).itertuples(index=False)],
        more=max(0, len(frame) - ROWS),
        pictures=[
            (str(figure), base64.b64encode((file.parent / f"{figure}.svg").read_bytes()).decode())
            for figure in content["figures"]
        ],
    )

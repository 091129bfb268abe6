"""The table of ``tombola show --winning``."""

import pandas as pd
from rich.table import Table

from tombola.analysis.winning import PLACE
from tombola.analysis.wording import DASH


def winning_table(table: pd.DataFrame) -> Table:
    """Return one line per ticket: accepted or rejected, and the numbers that was decided by."""
    shown = Table()
    numbers = [name for name in table.columns if name not in PLACE]
    for heading in ("replicate", "level", "density", "verdict", *(name.replace("_", " ") for name in numbers)):
        shown.add_column(heading, justify="right")
    for row in table.to_dict("records"):
        verdict = row["reason"] if pd.isna(row["accepted"]) else "accepted" if row["accepted"] else "rejected"
        place = (str(row["replicate"]), str(row["level"]), f"{row['density']:.4f}", verdict)
        shown.add_row(*place, *(_number(name, row[name]) for name in numbers))
    return shown


def counts(table: pd.DataFrame) -> str:
    """Return how many tickets are accepted and rejected, and of how many that cannot be said.

    Examples
    --------
    >>> counts(pd.DataFrame({"accepted": pd.array([True, False, None], dtype="boolean")}))
    '1 of 3 tickets accepted, 1 rejected, 1 not judged'
    """
    won, unknown = int(table.accepted.sum()), int(table.accepted.isna().sum())
    text = f"{won} of {len(table)} tickets accepted, {len(table) - won - unknown} rejected"
    return f"{text}, {unknown} not judged" if unknown else text


def _number(name: str, value: float) -> str:
    if pd.isna(value):
        return DASH
    if name.endswith("_step"):
        return f"{value:,.0f}"
    return f"{value:.2%}" if name.endswith("accuracy") else f"{value:.4f}"

"""The tables of ``tombola show``."""

import pandas as pd
from rich.table import Table

from tombola.analysis.wording import duration
from tombola.store.folder import TICKET


def mean_table(table: pd.DataFrame) -> Table:
    """Return means over replicates per level, tickets and controls side by side (`tombola report` adds intervals)."""
    done = table[table.status == "done"]
    controls = [name for name in done.control.unique() if name != TICKET]
    names = [TICKET, *controls]
    shown = Table(title="mean over replicates, at early stop", title_justify="left")
    shown.add_column("level", justify="right")
    shown.add_column("density", justify="right")
    for name in names:
        title = "ticket" if name == TICKET else name
        for heading in (f"{title}: test accuracy", "step", "n"):
            shown.add_column(heading, justify="right")
    for level, rows in done.groupby("level"):
        cells = [str(level), f"{rows.density.mean():.4f}"]
        for name in names:
            mine = rows[rows.control == name]
            empty = mine.empty
            cells += ["", "", ""] if empty else [
                f"{mine.test_accuracy.mean():.2%}", f"{mine.early_stop_step.mean():.0f}", str(mine.replicate.nunique())
            ]  # fmt: skip
        shown.add_row(*cells)
    return shown


def job_table(table: pd.DataFrame) -> Table:
    """Return one line per job."""
    shown = Table()
    for heading in (
        "replicate",
        "level",
        "control",
        "repetition",
        "density",
        "early stop",
        "val loss",
        "test accuracy",
        "time",
    ):
        shown.add_column(heading, justify="right")
    for row in table.sort_values(["replicate", "level", "control", "repetition"]).itertuples():
        name = "ticket" if row.control == TICKET else str(row.control)
        place = [str(row.replicate), str(row.level), name, str(row.repetition), f"{row.density:.4f}"]
        if row.status == "done":
            result = [f"{row.early_stop_step:.0f}", f"{row.val_loss:.4f}", f"{row.test_accuracy:.2%}"]
            shown.add_row(*place, *result, duration(float(row.seconds)))  # type: ignore[arg-type]
        else:
            shown.add_row(*place, "failed", "", "", "")
    return shown

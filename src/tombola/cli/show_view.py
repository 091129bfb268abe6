"""The tables of ``tombola show``."""

import pandas as pd
from rich.table import Table

from tombola.analysis.wording import DASH, duration
from tombola.store.folder import TICKET

BESIDE = 3
"""Kinds of network that stand side by side in a table: more would not fit a screen."""


def mean_table(table: pd.DataFrame) -> Table:
    """Return means over replicates per level (`tombola report` adds intervals).

    Tickets and controls stand side by side, or below each other where there are more than two controls.
    """
    done = table[table.status == "done"]
    title = "mean over replicates, at early stop"
    if done.early_stop_step.isna().all():  # imported from a framework that has no validation set
        title = "mean over replicates, after the last step (no early stop is known)"
        done = done.assign(test_accuracy=done.final_test_accuracy, early_stop_step=done.final_step)
    names = [TICKET, *(name for name in done.control.unique() if name != TICKET)]
    shown = Table(title=title, title_justify="left")
    shown.add_column("level", justify="right")
    shown.add_column("density", justify="right")
    beside = len(names) <= BESIDE
    if not beside:
        shown.add_column("network")
    for name in names if beside else [""]:
        for heading in (f"{_title(name)}: test accuracy" if name else "test accuracy", "step", "n"):
            shown.add_column(heading, justify="right")
    for level, rows in done.groupby("level"):
        tickets = rows[rows.control == TICKET]
        place = [str(level), "" if tickets.empty else f"{tickets.density.mean():.4f}"]
        cells = {name: _means(rows[rows.control == name]) for name in names}
        if beside:
            shown.add_row(*place, *(cell for name in names for cell in cells[name]))
            continue
        for name in names:
            if any(cells[name]):
                shown.add_row(*place, _title(name), *cells[name], end_section=name == names[-1])
                place = ["", ""]
    return shown


def _title(name: str) -> str:
    return "ticket" if name == TICKET else name


def _means(rows: pd.DataFrame) -> list[str]:
    if rows.empty:
        return ["", "", ""]
    means = (f"{rows.test_accuracy.mean():.2%}", f"{rows.early_stop_step.mean():.0f}")
    return [*means, str(rows.replicate.nunique())]


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
        name = _title(str(row.control))
        place = [str(row.replicate), str(row.level), name, str(row.repetition), f"{row.density:.4f}"]
        if row.status == "done":
            known = (f"{row.early_stop_step:.0f}", f"{row.val_loss:.4f}", f"{row.test_accuracy:.2%}")
            result = [DASH if text.startswith("nan") else text for text in known]
            shown.add_row(*place, *result, duration(float(row.seconds)))  # type: ignore[arg-type]
        else:
            shown.add_row(*place, "failed", "", "", "")
    return shown

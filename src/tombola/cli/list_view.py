"""The table of ``tombola list``, and the same as plain data."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from tombola.analysis.wording import DASH
from tombola.cli.console import size
from tombola.store.listing import Entry

TONES = {"complete": "green", "partial": "yellow", "failed": "red", "damaged": "red"}


def table(entries: Sequence[Entry], root: Path) -> Table:
    """Return one line per run, with paths below the folder that was asked for."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("run", overflow="fold", ratio=None)
    for heading in ("data", "network"):
        shown.add_column(heading, overflow="fold")
    shown.add_column("status", no_wrap=True)
    for heading in ("jobs", "levels", "repl.", "density", "best", "finished", "size"):
        shown.add_column(heading, justify="right", no_wrap=heading != "density")
    for entry in entries:
        shown.add_row(*_cells(entry, root))
    return shown


def _cells(entry: Entry, root: Path) -> list[str]:
    path = entry.path.relative_to(root) if entry.path != root else entry.path
    status = f"[{TONES[entry.status]}]{entry.status}[/]"
    if entry.status == "damaged":
        return [escape(str(path)), "", "", status, "", "", "", "", "", "", size(entry.size)]
    density = DASH if entry.density is None else f"{entry.density[0]:.4g}{DASH}{entry.density[1]:.4f}"
    return [
        escape(str(path)),
        escape(entry.data),
        escape(entry.network),
        status,
        f"{entry.done}/{entry.jobs}",
        f"{max(entry.levels_done, 0)}/{entry.levels}" if entry.levels_done >= 0 else f"{DASH}/{entry.levels}",
        str(entry.replicates),
        density,
        DASH if entry.accuracy is None else f"{entry.accuracy:.2%}",
        _day(entry.finished),
        size(entry.size),
    ]


def _day(stamp: str) -> str:
    """Return a time as a local date and minute, or a dash."""
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return DASH


def as_data(entry: Entry) -> dict[str, Any]:
    """Return a run's line as plain data; None where something is not known."""
    return {
        "path": str(entry.path),
        "name": entry.name,
        "key": entry.key,
        "status": entry.status,
        "fault": entry.fault or None,
        "data": entry.data or None,
        "network": entry.network or None,
        "jobs": entry.jobs,
        "done": entry.done,
        "failed": entry.failed,
        "levels": entry.levels,
        "levels_done": entry.levels_done if entry.levels_done >= 0 else None,
        "replicates": entry.replicates,
        "density": list(entry.density) if entry.density else None,
        "best_test_accuracy": entry.accuracy,
        "started": entry.started or None,
        "finished": entry.finished or None,
        "bytes": entry.size,
    }

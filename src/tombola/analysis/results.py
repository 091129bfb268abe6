"""The table of a run's results: one row per replicate, level and control, as the jobs wrote them when they ended."""

import csv
from typing import Any

import numpy as np
import pandas as pd

from tombola.errors import TombolaError
from tombola.experiments.rows import CLASS, COLUMNS, RESULT_FILE, known_row
from tombola.store import JobId, Run
from tombola.store.jobs import read_records

TEXTS = ("control", "status", "reason", "procedure", "method", "scope", "allocation", "stop_reason", "key", "ticket")
COUNTS = (
    *("replicate", "level", "repetition", "remaining", "size", "parameters_left", "parameters", "best_epoch", "steps"),
    "effective_remaining",
)
ORDER = ["replicate", "level", "control", "repetition"]


def result_rows(run: Run) -> pd.DataFrame:
    """Return one row per finished job with every column of `tombola.experiments.rows`; what is not known is missing.

    Jobs of gradual pruning, and those with a convergence rule, wrote their row when they ended (``result.csv`` in their
    folder). Of other jobs the row holds what ``job.json`` and the records say: accuracies are those of the weights
    after the last step throughout (the restored ones, where a convergence rule restored some), never a maximum.

    Parameters
    ----------
    run
        May still be going: complete jobs are shown.

    Returns
    -------
    DataFrame
        Texts, floats, and nullable whole numbers; ``test_top1:<class>`` columns last.

    Raises
    ------
    TombolaError
        If a row is damaged.
    """
    rows = [_row(run, job) for job in run.jobs]
    classes = dict.fromkeys(name for row in rows for name in row if name.startswith(CLASS))
    table = pd.DataFrame(rows, columns=[*COLUMNS, *classes])
    for column in table:
        name = str(column)
        if name in TEXTS:
            table[name] = table[name].astype("string")
        else:
            numbers = pd.to_numeric(table[name]).astype("Float64" if not _counts(name) else "Int64")
            table[name] = numbers
    return table.sort_values(ORDER, ignore_index=True)


def _counts(name: str) -> bool:
    return name in COUNTS or name.endswith(("_correct", "_n"))


def _row(run: Run, job: JobId) -> dict[str, Any]:
    path = run.folder.job(job) / RESULT_FILE
    if path.is_file():
        return _written(run, job)
    info = run.jobs[job]
    row = known_row(info, run.spec)
    if info.status != "done" or info.convergence:
        return row
    records = read_records(run.folder.job(job))
    values = {
        "steps": int(records.step[-1] - records.step[0]),
        "train_loss": float(records.train_loss[-1]),
        "val_loss": float(records.val_loss[-1]),
        "val_top1": float(records.val_accuracy[-1]),
        "test_top1": float(records.test_accuracy[-1]),
    }
    return row | {name: value for name, value in values.items() if np.isfinite(value)}


def _written(run: Run, job: JobId) -> dict[str, Any]:
    """Return the row in a job's folder; empty cells are missing, and no text is (``none`` is a control's name)."""
    path = run.folder.job(job) / RESULT_FILE
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TombolaError(f"{path} cannot be read: {error}") from error
    if len(rows) != 1 or any(rows[0].get(name) != str(value) for name, value in zip(ORDER, _place(job), strict=True)):
        raise TombolaError(f"{path} is damaged: it holds no row of {job}; delete its job folder and run again")
    return {str(name): value or None for name, value in rows[0].items()}


def _place(job: JobId) -> tuple[object, ...]:
    return job.replicate, job.level, job.control, job.repetition

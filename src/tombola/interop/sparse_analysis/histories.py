"""Logs as records: epochs as steps, percents as shares, what was never measured as NaN."""

import csv
import io

import numpy as np

from tombola.interop.sparse_analysis.logs import Log
from tombola.records import FINAL, GRID, START, Records


def records(log: Log | None, per_epoch: int | None) -> Records:
    """Return a log's masked training as records; of Gem-Miner that is fine-tuning, or the search if there is no more.

    The record before training is that after no epoch: of Gem-Miner the second row of the last epoch of its search.

    Parameters
    ----------
    log
        The log; None gives one record without a measurement.
    per_epoch
        Steps of an epoch; None counts epochs as steps.
    """
    if log is None or log.rows == 0:
        return _nothing()
    rows = _rows(log)
    epochs = log.epochs[rows] - log.epochs[rows][0]
    first, kept = 0, [0]
    for row in range(1, len(rows)):  # epochs that were logged twice, or out of order, count once
        if epochs[row] > epochs[kept[-1]]:
            kept.append(row)
    rows, epochs = rows[kept], epochs[kept]
    flags = np.full(len(rows), GRID, np.uint8)
    if _begins_before(log, rows):
        flags[0] = START
    else:
        first = 1
    flags[-1] |= FINAL
    steps = (epochs + first) * (per_epoch or 1)
    nothing = np.full(len(rows), np.nan)
    validation = nothing if log.family == "synaptic-flow" else _validation(log)[rows]
    return Records(
        steps.astype(np.int64), flags, log.column("loss")[rows], nothing, validation, log.column("test")[rows] / 100
    )


def _rows(log: Log) -> np.ndarray:
    tuned = np.flatnonzero(~log.search)
    return tuned if len(tuned) else np.arange(log.rows)


def _begins_before(log: Log, rows: np.ndarray) -> bool:
    """Return whether the first row was measured before any step."""
    return log.family == "synaptic-flow" or not log.search[rows[0]]


def _validation(log: Log) -> np.ndarray:
    """Return validation accuracies; NaN in a search, whose "validation" images are those of the test."""
    found = log.columns.get("val_acc")
    if found is None:
        return np.full(log.rows, np.nan)
    return np.where(log.search, np.nan, found / 100)


def _nothing() -> Records:
    nothing = np.full(1, np.nan)
    flags = np.full(1, START | FINAL, np.uint8)
    return Records(np.zeros(1, np.int64), flags, nothing, nothing, nothing, nothing)


def history_csv(log: Log) -> str:
    """Return a log as it is, search included, as CSV."""
    text = io.StringIO()
    names = list(log.columns)
    columns = log.columns if names[:1] == ["epoch"] else {"epoch": log.epochs, **log.columns}
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in range(log.rows):
        writer.writerow([_shown(values[row]) for values in columns.values()])
    return text.getvalue()


def _shown(value: float) -> str:
    return (
        ""
        if np.isnan(value)
        else f"{value:.0f}"
        if float(value).is_integer() and abs(value) < 1e6
        else repr(float(value))
    )

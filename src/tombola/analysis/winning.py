"""Which tickets count as winning, by named criteria: accepted and rejected ones alike, with the numbers they go by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tombola.records import START, Records
from tombola.registry import Registry
from tombola.store import JobId, Run
from tombola.store.folder import TICKET
from tombola.store.jobs import read_records

MARGIN = 0.02
"""Accuracy that a ticket may be behind."""
LOSS_RATIO = 1.02
"""What a ticket's smallest validation loss stays below, in those of its dense network."""

PLACE = ("replicate", "level", "density", "accepted", "reason")
"""First columns of every table of verdicts."""


@dataclass(frozen=True)
class Judgement:
    """What a criterion says of one ticket.

    Attributes
    ----------
    accepted
        Whether it is a winning ticket; None where that cannot be said.
    numbers
        What that was decided by, by name; NaN where it was not measured.
    """

    accepted: bool | None
    numbers: Mapping[str, float]


Criterion = Callable[[Records, Records], Judgement]
"""(records of the ticket, records of the dense network it was cut from) -> judgement. Its docstring's first line is
what readers are told."""

criteria: Registry[Criterion] = Registry("criterion")
"""Criteria by name. Adding one is a function and a registry line."""


@criteria.register("accuracy-margin")
def accuracy_margin(ticket: Records, dense: Records) -> Judgement:
    """Best validation accuracy at most 2 points below that of its dense network (signs, 1.4, on a validation split)."""
    return _margin("val_accuracy", ticket, dense)


@criteria.register("accuracy-margin-signs2024")
def accuracy_margin_signs2024(ticket: Records, dense: Records) -> Judgement:
    """Best test accuracy at most 2 points below that of its dense network, as published: selects on the test split.

    Needs ``train.test_curve``.
    """
    return _margin("test_accuracy", ticket, dense)


@criteria.register("validation-loss")
def validation_loss(ticket: Records, dense: Records) -> Judgement:
    """Smallest validation loss no later than its dense network's, and below 1.02 times it (SaSD 2022; signs, 1.4)."""
    numbers = {}
    for name, records in (("ticket", ticket), ("dense", dense)):
        stop = records.early_stop()
        numbers[f"{name}_step"] = np.nan if stop is None else float(records.step[stop])
        numbers[f"{name}_val_loss"] = np.nan if stop is None else float(records.val_loss[stop])
    if np.isnan(list(numbers.values())).any():
        return Judgement(None, numbers)
    in_time = numbers["ticket_step"] <= numbers["dense_step"]
    return Judgement(in_time and numbers["ticket_val_loss"] < LOSS_RATIO * numbers["dense_val_loss"], numbers)


def winning(run: Run, criterion: str = "accuracy-margin") -> pd.DataFrame:
    """Return the verdict on every ticket of a run's pruned levels that is there.

    Parameters
    ----------
    run
        The run.
    criterion
        A registered name.

    Returns
    -------
    pandas.DataFrame
        One row per ticket, by replicate and level: ``replicate``, ``level``, ``density``, ``accepted`` (missing where
        that cannot be said, because the ticket or its dense network failed or something was not measured), ``reason``
        (why it is missing), and the criterion's numbers.

    Raises
    ------
    TombolaError
        If there is no such criterion.
    """
    judge, rows = criteria[criterion], []
    columns: dict[str, None] = {}
    for job, info in sorted(run.jobs.items()):
        if job.control != TICKET or job.level == 0:
            continue
        verdict, reason = _judged(run, job, judge)
        columns |= dict.fromkeys(verdict.numbers)
        place = (job.replicate, job.level, info.density, verdict.accepted, reason)
        rows.append(dict(zip(PLACE, place, strict=True)) | dict(verdict.numbers))
    return pd.DataFrame(rows, columns=[*PLACE, *columns]).astype({"accepted": "boolean"})


def accepted(run: Run, criterion: str) -> set[tuple[int, int]]:
    """Return (replicate, level) of the tickets that a criterion accepts."""
    table = winning(run, criterion)
    rows = table[table.accepted.fillna(False)]
    return set(zip(rows.replicate.tolist(), rows.level.tolist(), strict=True))


def summary(criterion: str) -> str:
    """Return what a criterion accepts, in one line."""
    return (criteria[criterion].__doc__ or "").strip().partition("\n")[0]


def _judged(run: Run, job: JobId, judge: Criterion) -> tuple[Judgement, str]:
    dense = JobId(job.replicate, 0)
    for needed, name in ((job, "the ticket"), (dense, "its dense network")):
        if needed not in run.jobs:
            return Judgement(None, {}), f"{name} is not there"
        if run.jobs[needed].status != "done":
            return Judgement(None, {}), f"{name} failed"
    verdict = judge(read_records(run.folder.job(job)), read_records(run.folder.job(dense)))
    return verdict, "" if verdict.accepted is not None else "not measured"


def _margin(measure: str, ticket: Records, dense: Records) -> Judgement:
    best = {f"{name}_{measure}": _best(records, measure) for name, records in (("ticket", ticket), ("dense", dense))}
    mine, theirs = best.values()
    if np.isnan(mine) or np.isnan(theirs):
        return Judgement(None, best)
    return Judgement(mine + MARGIN >= theirs, best)


def _best(records: Records, measure: str) -> float:
    """Return the highest value of a measure after training began; NaN where there is none."""
    values = getattr(records, measure)[(records.flags & START) == 0]
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else float("nan")

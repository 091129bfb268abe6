"""The course of trainings: their records as one table, and means over replicates."""

from collections.abc import Sequence

import pandas as pd

from tombola.analysis.intervals import mean_interval
from tombola.analysis.training.names import Training
from tombola.specs.length import Length
from tombola.store import Run

MEASURES = ("train_loss", "val_loss", "val_accuracy", "test_accuracy")
PLACE = ["data", "network", "run", "level", "density", "replicate"]


def records_table(trainings: Sequence[Training]) -> pd.DataFrame:
    """Return every record, repetitions of a control averaged: ``data, network, run, level, density, replicate``, time.

    Times are ``step`` and, where the run's length is given in epochs, ``epoch``; measures that were not recorded are
    NaN. Trainings that several runs share stand once.
    """
    parts, seen = [], set()
    for each in trainings:
        info = each.run.jobs[each.job]
        job = each.job
        if (info.key, job, each.data, each.network) in seen:
            continue
        seen.add((info.key, job, each.data, each.network))
        records = each.run.records.sel(control=job.control, replicate=job.replicate, level=job.level)
        own = records.isel(repetition=job.repetition)
        columns = {name: own[name].values for name in MEASURES if name in own}
        part = pd.DataFrame({"step": own.step.values, **columns}).dropna(subset=list(columns), how="all")
        part["data"], part["network"], part["run"] = each.data, each.network, each.run.path.name
        part["level"], part["density"], part["replicate"] = job.level, info.density, job.replicate
        part["epoch"] = part.step / _steps_per_epoch(each.run)
        parts.append(part)
    columns_ = [*PLACE, "step", "epoch", *MEASURES]
    if not parts:
        return pd.DataFrame(columns=columns_)
    table = pd.concat(parts, ignore_index=True).reindex(columns=columns_)
    by = [name for name in PLACE if name != "density"]
    means = table.groupby([*by, "step"], sort=False, dropna=False, as_index=False).mean()
    return means[columns_]


def mean_course(table: pd.DataFrame, measure: str, time: str = "step") -> pd.DataFrame:
    """Return mean and 95 % interval over replicates of a measure at every point of time, by data and network.

    Parameters
    ----------
    table
        As from `records_table`.
    measure, time
        Its columns; points where nothing was measured are left out.
    """
    rows = []
    for (data, network, at), part in table.groupby(["data", "network", time], sort=False):
        interval = mean_interval(part[measure])
        if interval.n:
            row = {"data": data, "network": network, time: at, "mean": interval.mean}
            rows.append(row | {"low": interval.low, "high": interval.high, "n": interval.n})
    return pd.DataFrame(rows, columns=["data", "network", time, "mean", "low", "high", "n"])


def _steps_per_epoch(run: Run) -> float:
    """Return NaN where lengths are given in steps, so that epochs would have to be guessed."""
    length = Length.parse(run.spec.train.length)
    steps = run.records.step.values
    return float(steps.max()) / length.value if length.unit == "ep" and len(steps) and length.value else float("nan")

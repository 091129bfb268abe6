"""What trainings come to: at early stop, at the end, at best; against their dense parents; across data sets."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from tombola.analysis.intervals import mean_interval
from tombola.analysis.paired import Difference, adjust, paired_test
from tombola.analysis.training.names import Training
from tombola.store import Run

ACCURACIES: Final = ("test_accuracy", "val_accuracy")
LOSSES: Final = ("val_loss", "train_loss")
POINTS: Final = ("at_stop", "final", "best")
"""At the smallest validation loss; after the last step; the best record, which is optimistic."""


def outcomes(trainings: Sequence[Training], records: pd.DataFrame, measure: str = ACCURACIES[0]) -> pd.DataFrame:
    """Return one row per network and replicate, repetitions averaged: ``at_stop, final, best`` of a measure.

    Parameters
    ----------
    trainings
        The trainings.
    records
        Their records (`records_table`), for the best one.
    measure
        An accuracy or a loss. Its best record is the highest or the lowest; chosen on the measure itself it is what
        was published, and optimistic on test data.
    """
    stops: dict[Run, dict[Any, dict[Any, Any]]] = {}
    rows: list[dict[str, Any]] = []
    for each in trainings:
        if each.run not in stops:
            table = each.run.early_stop_table()
            places = zip(table.replicate, table.level, table.control, table.repetition, strict=True)
            stops[each.run] = dict(zip(places, table.to_dict("records"), strict=True))
        job = each.job
        found = stops[each.run][job.replicate, job.level, job.control, job.repetition]
        row: dict[str, Any] = {"data": each.data, "network": each.network, "run": each.run.path.name}
        row |= {"level": job.level, "replicate": job.replicate, "density": found["density"]}
        row |= {"at_stop": found[measure], "final": found[f"final_{measure}"], "stop_step": found["early_stop_step"]}
        rows.append(row)
    by = ["data", "network", "run", "level", "replicate"]
    if not rows:
        return pd.DataFrame(columns=[*by, "density", *POINTS, "stop_step"])
    whole = pd.DataFrame(rows).astype({"at_stop": float, "final": float, "stop_step": float})
    whole = whole.groupby(by, sort=False, as_index=False).mean()
    own = records.groupby(["data", "network", "replicate"], sort=False)[measure]
    best = (own.min() if measure.endswith("loss") else own.max()).rename("best").reset_index()
    return whole.merge(best, how="left", on=["data", "network", "replicate"])


def comparison(values: pd.DataFrame) -> pd.DataFrame:
    """Return mean and 95 % interval over replicates of what networks come to, by data and network.

    Parameters
    ----------
    values
        As from `outcomes`.
    """
    rows = []
    for (data, network), part in values.drop_duplicates(["data", "network", "replicate"]).groupby(
        ["data", "network"], sort=False
    ):
        row: dict[str, Any] = {"data": data, "network": network, "density": part.density.mean(), "n": len(part)}
        for point in POINTS:
            interval = mean_interval(part[point])
            row |= {point: interval.mean, f"{point}_low": interval.low, f"{point}_high": interval.high}
        rows.append(row | {"stop_step": part.stop_step.mean()})
    return pd.DataFrame(rows)


def parents(values: pd.DataFrame) -> pd.DataFrame:
    """Return every pruned network's value minus that of its own dense parent, paired within replicates.

    By point: at early stop, after the last step, at best. ``p`` is of Student's paired t test, ``p_holm`` adjusted over
    all networks at that point. Networks whose run has no dense level have no row.

    Parameters
    ----------
    values
        As from `outcomes`.
    """
    rows: list[dict[str, Any]] = []
    for point in POINTS:
        found: list[tuple[dict[str, Any], Difference]] = []
        for run, own in values.groupby("run", sort=False):
            dense = _by_replicate(own[own.level == 0], point)
            for (data, network), part in own[own.level > 0].groupby(["data", "network"], sort=False):
                difference = paired_test(_by_replicate(part, point), dense)
                if difference.interval.n:
                    found.append(({"data": data, "network": network, "run": run, "point": point}, difference))
        for (row, _), each in zip(found, adjust([each for _, each in found]), strict=True):
            interval = each.interval
            row |= {"difference": interval.mean, "low": interval.low, "high": interval.high, "n": interval.n}
            rows.append(row | {"p": each.p, "p_holm": each.adjusted})
    return pd.DataFrame(rows)


def time_to_parent(
    values: pd.DataFrame, records: pd.DataFrame, measure: str = ACCURACIES[0], time: str = "step"
) -> pd.DataFrame:
    """Return when networks first reach what their dense parent has at early stop (at the end without one).

    Parameters
    ----------
    values, records, measure
        As in `outcomes`; losses have no such time.
    time
        ``step`` or ``epoch``.

    Returns
    -------
    DataFrame
        ``reached`` counts replicates that do, ``of`` those with a parent; mean, first and last time of those.
    """
    if measure.endswith("loss"):
        return pd.DataFrame()
    rows = []
    for (data, network, run), part in values.groupby(["data", "network", "run"], sort=False):
        dense = values[(values.run == run) & (values.level == 0)]
        aims = _by_replicate(dense.assign(aim=dense.at_stop.fillna(dense.final)), "aim")
        mine = records[(records.data == data) & (records.network == network)]
        times, known = [], 0
        for replicate in part.replicate:
            if replicate not in aims:
                continue
            known += 1
            own = mine[(mine.replicate == replicate) & (mine[measure] >= aims[replicate] - 1e-9)]
            times += [own[time].min()] if len(own) else []
        if known:
            row = {"data": data, "network": network, "run": run, "reached": len(times), "of": known}
            ends = (np.mean(times), min(times), max(times)) if times else (np.nan,) * 3
            rows.append(row | dict(zip((f"mean_{time}", f"first_{time}", f"last_{time}"), ends, strict=True)))
    return pd.DataFrame(rows)


def chosen_point(values: pd.DataFrame) -> str:
    """Return ``at_stop``, or ``final`` where a training (an imported one) has no early stop."""
    return POINTS[0] if len(values) and values.at_stop.notna().all() else POINTS[1]


def transfer(values: pd.DataFrame, point: str | None = None) -> pd.DataFrame:
    """Return the transfer matrix: what networks (rows) reach on average on each data set (columns).

    Parameters
    ----------
    values
        As from `outcomes`.
    point
        ``at_stop``, ``final`` or ``best``; by default `chosen_point`.
    """
    point = point or chosen_point(values)
    once = values.drop_duplicates(["data", "network", "replicate"])
    data = list(dict.fromkeys(once.data))
    matrix = once.pivot_table(index="network", columns="data", values=point, aggfunc="mean", sort=False, dropna=False)
    names = list(dict.fromkeys(once.network))
    return matrix.reindex(index=names, columns=data).rename_axis(columns=None).reset_index()


def _by_replicate(part: pd.DataFrame, column: str) -> dict[int, float]:
    known = part.dropna(subset=column)
    return dict(zip(known.replicate.astype(int), known[column], strict=True))

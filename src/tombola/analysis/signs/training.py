"""Training compared: tickets, controls and their dense parents, by epoch, at their best, and how soon (signs 9).

Tables of training have columns ``data, network, replicate`` and ``epoch`` (or any other measure of time), and a
measure. `network` names the kind of network; the dense one is the reference.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tombola.analysis.intervals import mean_interval, paired_difference
from tombola.analysis.paired import unpaired_test
from tombola.errors import TombolaError, nearest
from tombola.store import Run
from tombola.store.folder import TICKET

DENSE = "dense"
MEASURE = "test_accuracy"


def training_table(runs: Sequence[Run], levels: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the records of runs as a table of training, one row per job and record.

    Networks are called ``dense`` (level 0), ``ticket`` and by their control; with several levels ``level 3 ticket``.
    Repetitions of a control are averaged. Jobs that failed are left out.

    Parameters
    ----------
    runs
        Their data sets tell them apart; runs on the same data are distinguished by name.
    levels
        Pruned levels beside the dense one, by default the last.
    """
    parts = []
    for run in runs:
        depth = [run.spec.prune.levels] if levels is None else [level for level in levels if level]
        names = [other.spec.data.name for other in runs]
        data = run.spec.data.name if names.count(run.spec.data.name) == 1 else f"{run.spec.data.name}, {run.spec.name}"
        for level in dict.fromkeys((0, *depth)):
            for control in [TICKET] if level == 0 else [TICKET, *run.spec.control_repetitions()]:
                kind = DENSE if level == 0 else "ticket" if control == TICKET else control
                name = f"level {level} {kind}" if level and len(depth) > 1 else kind
                parts.append(_records(run, level, control).assign(data=data, network=name, level=level))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return table[["data", "network", "level", *(c for c in table.columns if c not in ("data", "network", "level"))]]


def curves(table: pd.DataFrame, measure: str = MEASURE, time: str = "epoch") -> pd.DataFrame:
    """Return the mean over replicates at every point of time, with its interval, by data set and network."""
    rows = []
    for (data, network, at), part in table.groupby(["data", "network", time], sort=False):
        interval = mean_interval(part[measure])
        row = {"data": data, "network": network, time: at, "mean": interval.mean}
        rows.append(row | {"low": interval.low, "high": interval.high, "n": interval.n})
    return pd.DataFrame(rows)


def best(table: pd.DataFrame, measure: str = MEASURE) -> pd.DataFrame:
    """Return the best value of every replicate's training, one row each.

    Chosen on the measure itself it is what was published; it is optimistic for a measure on test data.
    """
    found = table.groupby(["data", "network", "replicate"], sort=False)[measure].max()
    return found.rename("best").reset_index()


def best_summary(table: pd.DataFrame, measure: str = MEASURE) -> pd.DataFrame:
    """Return mean and sd (of a sample) of `best` over replicates, with an interval, by data set and network."""
    rows = []
    for (data, network), part in best(table, measure).groupby(["data", "network"], sort=False):
        interval = mean_interval(part.best)
        row = {"data": data, "network": network, "mean": interval.mean, "sd": part.best.std(ddof=1)}
        rows.append(row | {"low": interval.low, "high": interval.high, "n": interval.n})
    return pd.DataFrame(rows)


def against(
    table: pd.DataFrame, reference: str = DENSE, measure: str = MEASURE, *, paired: bool = True
) -> pd.DataFrame:
    """Return each network's best value minus the reference's on the same data, with its interval.

    Parameters
    ----------
    table, measure
        As above.
    reference
        The network to compare with.
    paired
        Whether replicate k of both descend from the same network, so that differences are taken within replicates.
        Published controls are no parents of the published tickets: compare those unpaired.

    Raises
    ------
    TombolaError
        If there is no such network.
    """
    _known(table, reference)
    values, rows = best(table, measure), []
    for data, part in values.groupby("data", sort=False):
        by_network = {name: dict(zip(own.replicate, own.best, strict=True)) for name, own in part.groupby("network")}
        if reference not in by_network:
            continue
        for network, own in by_network.items():
            if network == reference:
                continue
            if paired:
                interval = paired_difference(own, by_network[reference])
            else:
                interval = unpaired_test(list(own.values()), list(by_network[reference].values())).interval
            row = {"data": data, "network": network, "minus": reference, "paired": paired, "mean": interval.mean}
            rows.append(row | {"low": interval.low, "high": interval.high, "n": interval.n})
    return pd.DataFrame(rows)


def time_to_accuracy(
    table: pd.DataFrame,
    target: float | None = None,
    *,
    reference: str = DENSE,
    measure: str = MEASURE,
    time: str = "epoch",
) -> pd.DataFrame:
    """Return when each network first reaches an accuracy: how many replicates do, and their mean and latest time.

    Parameters
    ----------
    table, measure, time
        As above.
    target
        The accuracy; by default the mean best accuracy of the reference on the same data.
    reference
        See there.
    """
    if target is None:
        _known(table, reference)
    rows = []
    for data, part in table.groupby("data", sort=False):
        dense = best(part[part.network == reference], measure).best
        aim = float(dense.mean()) if target is None else target
        for network, own in part.groupby("network", sort=False):
            reached = own[own[measure] >= aim].groupby("replicate")[time].min()
            row = {"data": data, "network": network, "target": aim, "reached": len(reached)}
            row |= {"of": own.replicate.nunique(), f"mean_{time}": reached.mean() if len(reached) else np.nan}
            rows.append(row | {f"last_{time}": reached.max() if len(reached) else np.nan})
    return pd.DataFrame(rows)


def transfer_matrix(table: pd.DataFrame, measure: str = MEASURE) -> pd.DataFrame:
    """Return the mean best accuracy, networks by rows and the data they were trained on by columns."""
    means = best_summary(table, measure).pivot_table(index="network", columns="data", values="mean", sort=False)
    return means.rename_axis(index=None, columns=None).rename_axis("network").reset_index()


def _records(run: Run, level: int, control: str) -> pd.DataFrame:
    records = run.records.sel(level=level, control=control)
    done = records.where(records.status == "done")
    measures = [name for name in ("train_loss", "val_loss", "val_accuracy", "test_accuracy") if name in done]
    means = done[measures].mean("repetition").to_dataframe().reset_index()
    means = means.dropna(subset=measures, how="all")
    return means[["replicate", "step", *measures]]


def _known(table: pd.DataFrame, reference: str) -> None:
    names = sorted(set(table.network))
    if reference not in names:
        raise TombolaError(f"no training is called '{reference}'{nearest(reference, names)}")

"""The analysis ``training``: what networks reach and how soon, beside their dense parents, across data sets."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tombola.analysis.training import (
    Training,
    chosen_point,
    comparison,
    mean_course,
    outcomes,
    parents,
    records_table,
    time_to_parent,
    trainings_of_views,
    transfer,
)
from tombola.analysis.wording import count
from tombola.errors import TombolaError
from tombola.plots.analyses import training_figures as figures
from tombola.plots.analyses.registry import Analysis, Material, Result, analyses
from tombola.plots.style import type_name
from tombola.plots.training import draw_training
from tombola.specs.prune import TRANSFER

OPTIONS: dict[str, tuple[Any, str]] = {
    "measure": ("", "train_loss, val_loss, val_accuracy or test_accuracy [test_accuracy]"),
    "time": ("", "epoch or step [epoch, where lengths are given in epochs]"),
}
TIMES = ("epoch", "step")
POINT_NAMES = {"at_stop": "at early stop", "final": "after the last step"}
MEASURES = ("test_accuracy", "val_accuracy", "val_loss", "train_loss")


def compute(material: Material) -> Result:
    """How networks train: curves, accuracy at early stop, time to the parent's accuracy, transfer between data sets."""
    options = {name: default for name, (default, _) in OPTIONS.items()} | dict(material.options)
    if not material.runs:
        raise TombolaError("training needs the runs that networks come from; analyse runs, not files")
    trainings = trainings_of_views(material.views, material.runs)
    records = records_table(trainings)
    measure = options["measure"] or MEASURES[0]
    type_name(measure)
    time = _time(options["time"], records)
    values = outcomes(trainings, records, measure)
    point = chosen_point(values)
    compared = comparison(values)
    tables = {"glance": _glance(compared, point), "comparison": compared}
    for name, table in (
        ("parents", parents(values)),
        ("time", time_to_parent(values, records, measure, time)),
        ("transfer", transfer(values, point)),
        ("curves", mean_course(records, _drawn(records, measure), time)),
    ):
        if len(table):
            tables[name] = table
    tables |= {"outcomes": values, "records": records}
    more = {"measure": measure, "drawn": _drawn(records, measure), "time": time, "point": point}
    more["runs"] = [run for run in material.runs if run.spec.prune.levels > 1 and run.spec.prune.procedure != TRANSFER]
    return Result(tables, _notes(trainings, values, tables, measure, point), "glance", more)


def _glance(compared: pd.DataFrame, point: str) -> pd.DataFrame:
    """Return the few columns that are read first."""
    columns = {point: POINT_NAMES[point], f"{point}_low": "low", f"{point}_high": "high", "stop_step": "stop step"}
    return compared[["data", "network", "density", "n", *columns, "best"]].rename(columns=columns)


def _drawn(records: pd.DataFrame, measure: str) -> str:
    """Return the measure that curves show: test accuracy is not always recorded on the way."""
    return measure if records[measure].notna().any() else "val_accuracy"


def _time(asked: str, records: pd.DataFrame) -> str:
    epochs = len(records) > 0 and bool(records.epoch.notna().all())
    if asked not in ("", *TIMES):
        raise TombolaError(f"time = '{asked}' is no measure of time; choose epoch or step")
    if asked == "epoch" and not epochs:
        raise TombolaError("time = 'epoch': a run's length is given in steps; choose step")
    return asked or (TIMES[0] if epochs else TIMES[1])


def _notes(
    trainings: Sequence[Training], values: pd.DataFrame, tables: dict[str, pd.DataFrame], measure: str, point: str
) -> list[str]:
    counts = values.groupby(["data", "network"], sort=False).replicate.nunique()
    each = "; ".join(
        f"{row['network']} on {row['data']} n = {row['replicate']}" for row in counts.reset_index().to_dict("records")
    )
    layers = next(iter(trainings)).run.layers
    names = ", ".join(layer.name.removesuffix(".weight") for layer in layers)
    said = [
        f"{count(len(trainings), 'training')} ({each}); repetitions of a control are averaged. Entry: "
        f"{type_name(measure)} {POINT_NAMES[point]}, density by the effective mask over {names}.",
        "at_stop is chosen by the smallest validation loss. best is the best record of the measure itself, as was "
        "published: on test data it is optimistic, more so the more records there are.",
        "Intervals are 95 % over replicates (Student's t below ten, a bootstrap from ten on).",
    ]
    if "parents" in tables:
        said.append(
            "parents: each pruned network minus its own dense parent, replicate by replicate, so what both share "
            "(initial weights, order of data) cancels; p_holm is over all networks at one point."
        )
    else:
        said.append("No dense parent was trained in these runs, so nothing is compared with one.")
    if values.at_stop.isna().any():
        said.append("Some trainings have no early stop (no validation loss was recorded); the last step stands for it.")
    if counts.min() < 5:
        said.append(f"With {int(counts.min())} replicates a difference that is not seen may well be there.")
    if "transfer" in tables and values.data.nunique() == 1:
        said.append("One data set only: the transfer matrix has one column. Runs of procedure transfer add others.")
    return said


def training_curves(result: Result) -> Figure | None:
    """Measure over training, a panel per data set, 95 % intervals."""
    if "curves" not in result.tables:
        return None
    figure = Figure(layout="constrained")
    draw_training(figure, result.tables["curves"], result.more["drawn"], result.more["time"])
    return figure


analyses.register("training")(
    Analysis(
        compute,
        {
            "training_curves": training_curves,
            "parents": figures.parent_differences,
            "transfer": figures.transfer_matrix,
            "saw_tooth": figures.saw_tooth,
        },
        OPTIONS,
        needs_runs=True,
    )
)

"""The table of a run: accuracy at early stop and early-stop step, by density, for tickets and their controls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from tombola.analysis.intervals import Interval, mean_interval, paired_difference
from tombola.store import Run
from tombola.store.folder import TICKET

MEASURES = {"accuracy": "test_accuracy", "step": "early_stop_step"}
"""What is summarised, by the column of `Run.early_stop_table` it comes from."""

AFTER_LAST_STEP = {"accuracy": "final_test_accuracy", "step": "final_step"}
"""The same after the last step, for imported runs without any early stop."""


@dataclass(frozen=True)
class Quantity:
    """One measured quantity of one kind of network at one level.

    Attributes
    ----------
    value
        The quantity itself, over replicates.
    minus_dense
        Paired difference to the dense network of the same replicate; at level 0 it has n = 0.
    ticket_minus
        For a control: paired difference *ticket minus this control*; for the ticket itself it has n = 0.
    """

    value: Interval
    minus_dense: Interval
    ticket_minus: Interval


@dataclass(frozen=True)
class Row:
    """One kind of network (the ticket, or one control) at one level.

    Attributes
    ----------
    level
        Pruning level.
    control
        ``"none"`` for the ticket itself, else the control's name.
    density
        Mean density over replicates; NaN where no job of the level is done.
    accuracy
        Test accuracy at early stop, in [0, 1].
    step
        Early-stop step.
    """

    level: int
    control: str
    density: float
    accuracy: Quantity
    step: Quantity


def replicate_values(table: pd.DataFrame, column: str, *, level: int, control: str = TICKET) -> dict[int, float]:
    """Return one number per replicate from a run's early-stop table; repetitions of a control are averaged first.

    Only jobs that are done count. A replicate without a finite value is left out.

    Parameters
    ----------
    table
        What `Run.early_stop_table` returns.
    column
        Any of its columns of numbers.
    level, control
        Which networks; ``"none"`` is the ticket itself.
    """
    mine = table[(table.status == "done") & (table.level == level) & (table.control == control)]
    means = mine.astype({column: np.float64}).groupby("replicate")[column].mean()
    return {int(str(replicate)): float(value) for replicate, value in means.items() if np.isfinite(value)}


def level_densities(run: Run) -> list[float]:
    """Return the mean density of every level over the replicates whose ticket is done; NaN where there is none."""
    found: list[list[float]] = [[] for _ in range(run.spec.prune.levels + 1)]
    for job, info in run.jobs.items():
        if job.control == TICKET and info.status == "done" and job.level < len(found):
            found[job.level].append(info.density)
    return [float(np.mean(densities)) if densities else np.nan for densities in found]


def has_early_stops(run: Run) -> bool:
    """Return whether any job has an early stop, or none is done yet; imported runs may never have measured one."""
    table = run.early_stop_table()
    stops = table[table.status == "done"].early_stop_step
    return stops.empty or bool(stops.notna().any())


def summarise(run: Run, measures: Mapping[str, str] = MEASURES) -> list[Row]:
    """Return one row per level and kind of network, the ticket first, then controls in the spec's order.

    Intervals are over replicates, repetitions averaged first; differences are paired within replicates. A level where
    nothing is done is listed with n = 0. Controls have no row at level 0. `measures` are columns of
    `Run.early_stop_table` for the accuracy and the step.
    """
    table = run.early_stop_table()
    rows = []
    for level, density in enumerate(level_densities(run)):
        for control in (TICKET, *run.spec.control_repetitions()):
            if level == 0 and control != TICKET:
                continue
            quantities = {name: _quantity(table, column, level, control) for name, column in measures.items()}
            rows.append(Row(level, control, density, **quantities))
    return rows


def _quantity(table: pd.DataFrame, column: str, level: int, control: str) -> Quantity:
    mine = replicate_values(table, column, level=level, control=control)
    dense = replicate_values(table, column, level=0) if level > 0 else {}
    ticket = replicate_values(table, column, level=level) if control != TICKET else {}
    return Quantity(mean_interval(list(mine.values())), paired_difference(mine, dense), paired_difference(ticket, mine))


def summary_table(run: Run) -> pd.DataFrame:
    """Return `summarise` as a flat table, one column per number, ready for CSV.

    Columns are level, control, density and, for accuracy and step, ``<quantity>_<mean|low|high|n>``,
    ``<quantity>_minus_dense_<…>`` and ``ticket_minus_control_<quantity>_<…>``.
    """
    names = {"value": "{}", "minus_dense": "{}_minus_dense", "ticket_minus": "ticket_minus_control_{}"}
    lines = []
    for row in summarise(run):
        line: dict[str, object] = {"level": row.level, "control": row.control, "density": row.density}
        for quantity in MEASURES:
            for part, name in names.items():
                interval = asdict(getattr(getattr(row, quantity), part))
                line |= {f"{name.format(quantity)}_{key}": value for key, value in interval.items()}
        lines.append(line)
    return pd.DataFrame(lines)

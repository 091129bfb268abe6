"""What runs are compared by: a column of the early-stop table, its unit, and which way is better."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tombola.analysis.summary import has_early_stops
from tombola.analysis.wording import DASH, MINUS, percent, points, signed
from tombola.errors import TombolaError, nearest
from tombola.store import Run


@dataclass(frozen=True)
class Measure:
    """One measured quantity.

    Attributes
    ----------
    column
        Its name in `Run.early_stop_table`.
    title
        Its name in headings.
    unit
        Unit of differences: ``points`` (hundredths of an accuracy), ``steps``, or empty for losses.
    higher_is_better
        Which way is better.
    """

    column: str
    title: str
    unit: str
    higher_is_better: bool

    @property
    def is_accuracy(self) -> bool:
        """Whether it is an accuracy, so that losses of points can be tolerated."""
        return self.unit == "points"

    def value(self, number: float) -> str:
        """Return a value as readers want it."""
        if np.isnan(number):
            return DASH
        if self.is_accuracy:
            return percent(number)
        return (f"{number:,.0f}" if self.unit else f"{number:.4f}").replace("-", MINUS)

    def difference(self, number: float) -> str:
        """Return a difference with its sign, in the measure's unit."""
        return points(number) if self.is_accuracy else signed(number, 0 if self.unit else 4)


MEASURES = {
    measure.column: measure
    for measure in (
        Measure("test_accuracy", "Test accuracy at early stop", "points", True),
        Measure("val_accuracy", "Validation accuracy at early stop", "points", True),
        Measure("final_test_accuracy", "Test accuracy after the last step", "points", True),
        Measure("final_val_accuracy", "Validation accuracy after the last step", "points", True),
        Measure("early_stop_step", "Early-stop step", "steps", False),
        Measure("val_loss", "Validation loss at early stop", "", False),
        Measure("train_loss", "Training loss at early stop", "", False),
        Measure("final_val_loss", "Validation loss after the last step", "", False),
        Measure("final_train_loss", "Training loss after the last step", "", False),
    )
}
"""Every measure by its column."""

ACCURACY = MEASURES["test_accuracy"]


def accuracy_of(runs: Sequence[Run]) -> Measure:
    """Return test accuracy at early stop, or after the last step where a run (an imported one) has no early stop."""
    return ACCURACY if all(has_early_stops(run) for run in runs) else MEASURES["final_test_accuracy"]


def measure_named(column: str) -> Measure:
    """Return a measure by its column, or raise one sentence with the nearest name."""
    if column not in MEASURES:
        raise TombolaError(f"measure = '{column}' is not measured{nearest(column, MEASURES)}")
    return MEASURES[column]


class Values:
    """One number per replicate, for any kind of network at any level of a run; repetitions are averaged first.

    The table is grouped once, so that asking for every level of a long run is quick. Only jobs that are done count.
    """

    def __init__(self, table: pd.DataFrame, measure: Measure) -> None:
        done = table[table.status == "done"]
        grouped = done.astype({measure.column: np.float64}).groupby(["control", "level", "replicate"])
        self._found: dict[tuple[str, int], dict[int, float]] = {}
        means = grouped[measure.column].mean()
        for (control, level, replicate), value in zip(means.index.tolist(), means.tolist(), strict=True):
            if np.isfinite(value):
                self._found.setdefault((control, level), {})[replicate] = value

    def __call__(self, level: int, control: str) -> dict[int, float]:
        """Return replicate -> value; empty where nothing is done."""
        return self._found.get((control, level), {})

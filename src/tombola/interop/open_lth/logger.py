"""``logger`` of open_lth: one line ``metric,iteration,value`` per measurement."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tombola.errors import TombolaError
from tombola.records import FINAL, GRID, MEASURES, START, Records

NAMES = {
    "train_loss": "train_loss",
    "val_loss": "val_loss",
    "validation_loss": "val_loss",
    "val_accuracy": "val_accuracy",
    "validation_accuracy": "val_accuracy",
    "test_accuracy": "test_accuracy",
}
"""Metric → measure. The framework itself has no validation set."""

SIZE_LIMIT = 256 << 20
MOST = 1 << 40


@dataclass(frozen=True)
class Log:
    """What was measured in one training.

    Attributes
    ----------
    values
        Measure → step → value.
    unused
        Metrics that have no counterpart here.
    """

    values: dict[str, dict[int, float]]
    unused: tuple[str, ...]

    @property
    def steps(self) -> list[int]:
        """Steps of all measurements, ascending."""
        return sorted({step for values in self.values.values() for step in values})

    @property
    def interval(self) -> int | None:
        """The most frequent distance of measurements; None where there are fewer than two."""
        distances = Counter(np.diff(self.steps).tolist())
        return min(distances, key=lambda each: (-distances[each], each)) if distances else None

    def records(self) -> Records:
        """Return the measurements as records; what was not measured at a step is NaN.

        The first one counts as taken before training where it was the state that training starts from: at step 0, or
        wherever there is more than one.
        """
        steps, interval = self.steps, self.interval
        flags = np.full(len(steps), GRID, np.uint8)
        if steps and interval:
            flags[(np.array(steps) - steps[0]) % interval != 0] = 0
        if len(steps) > 1 or steps[:1] == [0]:
            flags[0] = START
        if len(steps) > 1:
            flags[-1] |= FINAL
        columns = {
            name: np.array([self.values.get(name, {}).get(step, math.nan) for step in steps], np.float64)
            for name in MEASURES
        }
        return Records(np.array(steps, np.int64), flags, **columns)


def read_logger(path: Path) -> Log:
    """Return what a ``logger`` file holds.

    Raises
    ------
    TombolaError
        If the file is missing, or a line of it is none of a measurement.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise TombolaError(f"{path} is larger than any list of measurements")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TombolaError(f"cannot read {path}: {error}") from error
    values: dict[str, dict[int, float]] = {}
    unused = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        parts = line.split(",")
        try:
            name, step, value = parts[0].strip(), int(parts[1]), float(parts[2])
            if len(parts) != 3 or not 0 <= step < MOST:
                raise ValueError
        except (ValueError, IndexError):
            raise TombolaError(f"{path} is damaged: line {number} is not of the form metric,iteration,value") from None
        if name in NAMES:
            values.setdefault(NAMES[name], {})[step] = value
        else:
            unused.add(name)
    return Log(values, tuple(sorted(unused)))

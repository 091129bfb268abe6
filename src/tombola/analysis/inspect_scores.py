"""The score table that a pruned level may hold: how much score each layer had when the mask was made."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

from tombola.errors import TombolaError

SCORES = "scores.csv"
"""Of a job folder; its columns are those of the sparse-analysis reference, section 3.2."""


class ScoreMass(NamedTuple):
    """Scores of one layer's weights: mean, variance and sum of them and of their absolute values."""

    mean: float
    variance: float
    sum: float
    abs_mean: float
    abs_variance: float
    abs_sum: float


def read_scores(folder: Path) -> dict[str, ScoreMass]:
    """Return the scores of every parameter that a job's score table names; nothing where it has none.

    Parameters
    ----------
    folder
        The job's folder.

    Raises
    ------
    TombolaError
        If the table is damaged.
    """
    path = folder / SCORES
    if not path.is_file():
        return {}
    try:
        with path.open(newline="") as file:
            return dict(_mass(row) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TombolaError(f"{path} is no table of scores ({type(error).__name__}: {error}); move it away") from error


def _mass(row: dict[str, str]) -> tuple[str, ScoreMass]:
    known = {name.replace("_", " "): value for name, value in row.items()}
    name = ".".join(part for part in (known["module"], known["parameter"]) if part)
    values = (known[f"score {field}".replace("_", " ")] for field in ScoreMass._fields)
    return name, ScoreMass(*(float(value) if value else math.nan for value in values))

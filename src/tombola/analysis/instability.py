"""Instability of a run's tickets: lines kept beside the run, and what they say of every level."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tombola.analysis.connectivity import POINTS, STABLE, Line, Pair, PartName, Statistics, line_between
from tombola.analysis.intervals import mean_interval
from tombola.data.dataset import Dataset
from tombola.store import Run
from tombola.store.files import write_bytes

FOLDER = "connectivity"


@dataclass(frozen=True)
class Measuring:
    """How lines are measured; files of one way lie in one folder.

    Attributes
    ----------
    points
        Networks on the line, ends included.
    part
        Images that errors are counted on.
    statistics
        Of batch normalisation between the ends: ``estimated`` or ``interpolated``.
    """

    points: int = POINTS
    part: PartName = "test"
    statistics: Statistics = "estimated"

    def folder(self, run: Run) -> Path:
        """Return where a run's lines measured this way lie."""
        return run.path / FOLDER / f"{self.part}-{self.points}-{self.statistics}"


def measured(run: Run, pair: Pair, data: Dataset, how: Measuring) -> Line:
    """Return the line between two copies: read if it was measured before, else measured and kept.

    Raises
    ------
    TombolaError
        As `line_between`; also if the result cannot be written.
    """
    file = how.folder(run) / f"{pair.replicate}-{pair.level}-{pair.orders[0]}-{pair.orders[1]}.npz"
    keys = [run.jobs[job].key for job in pair.jobs]
    kept = _read(file, keys)
    if kept is not None:
        return kept
    line = line_between(run, pair, data, part=how.part, points=how.points, statistics=how.statistics)
    _write(file, line, keys)
    return line


def kept_lines(run: Run, how: Measuring) -> list[Line]:
    """Return the lines of a run that were measured this way before, by level and replicate."""
    lines = [line for file in how.folder(run).glob("*.npz") if (line := _read(file)) is not None]
    return sorted(lines, key=lambda line: (line.level, line.replicate, line.pair))


class LevelInstability(NamedTuple):
    """One level: what its copies reach, how far apart they are, whether they are connected.

    Attributes
    ----------
    level, density
        The level.
    error
        Mean error of the ends.
    instability, low, high
        Mean over replicates, and its 95 % interval (NaN below two replicates).
    stable
        Replicates whose instability is below 2 % (Frankle et al. 2020).
    replicates, pairs
        How many there are.
    """

    level: int
    density: float
    error: float
    instability: float
    low: float
    high: float
    stable: int
    replicates: int
    pairs: int


def instability(lines: Sequence[Line]) -> list[LevelInstability]:
    """Return the instability of every level; pairs of a replicate are averaged first."""
    rows = []
    for level in sorted({line.level for line in lines}):
        here = [line for line in lines if line.level == level]
        each = by_replicate(here, lambda line: line.instability)
        spread = mean_interval(each)
        rows.append(
            LevelInstability(
                level,
                density=float(np.mean([line.density for line in here])),
                error=float(np.mean(by_replicate(here, lambda line: float(line.error[[0, -1]].mean())))),
                instability=spread.mean,
                low=spread.low,
                high=spread.high,
                stable=sum(value < STABLE for value in each),
                replicates=len(each),
                pairs=len(here),
            )
        )
    return rows


def by_replicate(lines: Sequence[Line], measure: Callable[[Line], float]) -> list[float]:
    """Return a measure's mean over the pairs of each replicate, by replicate."""
    replicates = sorted({line.replicate for line in lines})
    return [float(np.mean([measure(line) for line in lines if line.replicate == one])) for one in replicates]


def _write(file: Path, line: Line, keys: Sequence[str]) -> None:
    content = io.BytesIO()
    place = np.array([line.replicate, line.level, *line.pair])
    np.savez(content, place=place, density=line.density, error=line.error, loss=line.loss, keys=np.array(keys))
    write_bytes(file, content.getvalue())


def _read(file: Path, keys: Sequence[str] | None = None) -> Line | None:
    """Return a kept line; None if there is none, it is damaged, or it was measured on other jobs."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            if keys is not None and list(kept["keys"]) != list(keys):
                return None
            replicate, level, one, two = (int(number) for number in kept["place"])
            return Line(replicate, level, float(kept["density"]), (one, two), kept["error"], kept["loss"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None

"""Histories of the playground framework: arrays of measurements, under all names they have had."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from tombola.errors import TombolaError
from tombola.interop.playground.files import find_files
from tombola.interop.restricted_npz import LIMIT, read_npz
from tombola.records import FINAL, GRID, MEASURES, Records

ENDINGS = re.compile(r"_(h|history|histories)$")
NAMES = {
    "train_loss": "train_loss",
    "loss": "train_loss",
    "val_loss": "val_loss",
    "val_acc": "val_accuracy",
    "test_acc": "test_accuracy",
}
"""What an array means, once the endings of old versions are taken off its name."""


@dataclass(frozen=True)
class Histories:
    """The measurements of an experiment, or of the controls of one replicate or of several stacked.

    Attributes
    ----------
    measures
        ``train_loss``, ``val_loss``, ``val_accuracy``, ``test_accuracy``; what the file lacks is NaN. For the
        experiment the first axis is the replicate and level 0 is dense; for one replicate's controls it is the
        repetition and levels begin at 1; stacked controls have the replicate before it.
    density
        Density of each level, rounded to four decimals, as recorded for the first replicate; None where it was not.
    missing
        Measures that the file lacks.
    unknown
        Names of arrays that mean nothing here.
    """

    measures: dict[str, Float[np.ndarray, "... level record"]]
    density: Float[np.ndarray, " level"] | None
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of every measure."""
        return next(iter(self.measures.values())).shape

    def steps(self, interval: int) -> Int[np.ndarray, " record"]:
        """Return the step of each record; record k was taken after step (k + 1) * interval."""
        return interval * np.arange(1, self.shape[-1] + 1, dtype=np.int64)

    def records(self, place: tuple[int, ...], interval: int, last: int | None = None) -> Records:
        """Return one training's records.

        Parameters
        ----------
        place
            Where in the arrays: (replicate, level), or (repetition, level).
        interval
            Steps between records.
        last
            Steps of the whole training, where they are known.
        """
        steps = self.steps(interval)
        flags = np.full(len(steps), GRID, np.uint8)
        if last is not None and steps[-1] == last:
            flags[-1] |= FINAL
        return Records(steps, flags, **{name: self.measures[name][place].astype(np.float64) for name in MEASURES})


def load_histories(path: str | Path, *, limit: int = LIMIT) -> Histories:
    """Return the histories of an experiment, or of one replicate's controls.

    Parameters
    ----------
    path
        An NPZ file, or the prefix of an experiment for its own.
    limit
        The most bytes the file may take.

    Raises
    ------
    TombolaError
        One sentence, if it is damaged, holds none, or its arrays do not fit each other.
    """
    path = Path(path) if Path(path).suffix == ".npz" else find_files(path).histories
    found: dict[str, Float[np.ndarray, "network level record"]] = {}
    density, unknown = None, []
    for name, values in read_npz(path, limit=limit).items():
        base = ENDINGS.sub("", name)
        if base == "sparsity":
            density = np.asarray(values, np.float64)
        elif base not in NAMES:
            unknown.append(name)
        elif NAMES[base] in found:
            raise TombolaError(f"{path} holds {NAMES[base]} twice")
        else:
            found[NAMES[base]] = np.asarray(values, np.float64)
    if not found:
        raise TombolaError(f"{path} holds no histories")
    shapes = {name: values.shape for name, values in found.items()}
    shape = next(iter(shapes.values()))
    if len(shape) != 3 or 0 in shape or set(shapes.values()) != {shape}:
        listed = ", ".join(f"{name} {list(each)}" for name, each in shapes.items())
        raise TombolaError(f"{path} is damaged: histories need one shape (network, level, record), and it has {listed}")
    if density is not None and density.shape != shape[1:2]:
        raise TombolaError(
            f"{path} is damaged: densities of shape {list(density.shape)} do not fit the histories' {shape[1]} levels"
        )
    missing = tuple(name for name in MEASURES if name not in found)
    found |= {name: np.full(shape, np.nan) for name in missing}
    return Histories(found, density, missing, tuple(sorted(unknown)))

"""SaSD (2022): condition means of its published distances, and its tests against the random networks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy  # scipy.stats takes a second to load, which happens where it is first used
from jaxtyping import Float

from tombola.analysis.reproduce.cells import Cell
from tombola.analysis.reproduce.sasd_printed import LAYERS, NULLS, PRINTED, Printed
from tombola.errors import TombolaError

RANDOM = "random"
FOLDER = "dists"
MEAN, EFFECT, P = 5e-5, 5e-3, 0.05
"""Rounding of what was printed: four digits of means, two of effects, two or more of p (relative)."""
DEPENDENT = "30 pairs of 14 networks depend on each other, and which they are is not known: p is far too small"
BEGIN = "dists_"
UNSIGNED = "_NNSTD"
ENDINGS = {"sasd": "", "nnstd": UNSIGNED}
"""Distance -> how names of its files end."""


@dataclass(frozen=True)
class Tested:
    """A sample of distances against that of random networks.

    Attributes
    ----------
    mean
        Of the sample.
    effect
        Cohen's d with the pooled standard deviation: below 0 where the sample is closer.
    p
        Of Welch's two-sided test.
    """

    mean: float
    effect: float
    p: float


def reproduce(folder: Path) -> list[Cell]:
    """Return every number of the published table that the files in a folder determine, and the others beside NaN.

    Parameters
    ----------
    folder
        Holds ``dists_{condition}[_NNSTD].csv``, itself or in ``dists``: 30 rows of five distances, conv1 to dense3.

    Raises
    ------
    TombolaError
        If a file does not hold five columns of numbers.
    """
    folder = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    cells = []
    for entry, ending in ENDINGS.items():
        unsigned = entry == "nnstd"
        paths = [path for path in sorted(folder.glob(f"{BEGIN}*.csv")) if path.stem.endswith(UNSIGNED) == unsigned]
        samples = {path.stem.removeprefix(BEGIN).removesuffix(ending): _read(path) for path in paths}
        random = samples.get(RANDOM)
        for condition, sample in samples.items():
            printed = PRINTED[entry].get(condition, (None,) * len(LAYERS))
            cells += _cells(entry, condition, printed, sample, random)
        if random is not None:
            cells += _nulls(entry, random)
    return sorted(cells, key=lambda cell: math.isnan(cell.theirs))


def against(sample: Float[np.ndarray, " pair"], random: Float[np.ndarray, " pair"]) -> Tested:
    """Return mean, Cohen's d and Welch's p of one layer's distances against those of random networks.

    Examples
    --------
    >>> against(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])).effect
    -1.0
    """
    difference = float(sample.mean() - random.mean())
    squares = (len(sample) - 1) * sample.var(ddof=1) + (len(random) - 1) * random.var(ddof=1)
    pooled = float(np.sqrt(squares / (len(sample) + len(random) - 2)))
    p = float(scipy.stats.ttest_ind(sample, random, equal_var=False).pvalue)
    return Tested(float(sample.mean()), difference / pooled, p)


def _read(path: Path) -> Float[np.ndarray, "pair layer"]:
    try:
        values = np.loadtxt(path, delimiter=",", ndmin=2)
    except ValueError as error:
        raise TombolaError(f"{path} is no table of numbers: {error}") from None
    if values.shape[1] != len(LAYERS) or len(values) < 2:
        raise TombolaError(f"{path} holds {values.shape[0]} rows of {values.shape[1]}; two rows of five are needed")
    return values


def _cells(
    entry: str,
    condition: str,
    printed: Sequence[Printed | None],
    sample: Float[np.ndarray, "pair layer"],
    random: Float[np.ndarray, "pair layer"] | None,
) -> list[Cell]:
    cells = []
    for number, (layer, theirs) in enumerate(zip(LAYERS, printed, strict=True)):
        theirs, row, table = theirs or Printed(math.nan), f"{condition} {layer}", f"distances between tickets, {entry}"
        cells.append(_cell(table, row, "mean", theirs.mean, float(sample[:, number].mean()), MEAN))
        if random is not None and condition != RANDOM:
            found = against(sample[:, number], random[:, number])
            cells.append(_cell(table, row, "d", theirs.effect, found.effect, EFFECT))
            cells.append(_cell(table, row, "Welch p", theirs.p, found.p, P, relative=True))
    return cells


def _cell(
    table: str, row: str, column: str, theirs: float | None, ours: float, tolerance: float, *, relative: bool = False
) -> Cell:
    if theirs is None or math.isnan(theirs):
        return Cell(f"{table}: not in the reference", row, column, math.nan, ours, tolerance, "not printed there")
    return Cell(f"{table} ({DEPENDENT})", row, column, theirs, ours, tolerance, relative=relative)


def _nulls(entry: str, random: Float[np.ndarray, "pair layer"]) -> list[Cell]:
    """Return the random condition beside the matched null model: the same, where alignment was as it should be."""
    table = f"random networks and the matched null model, {entry}"
    return [
        Cell(table, layer, "mean", null, float(random[:, LAYERS.index(layer)].mean()), tolerance, note)
        for layer, (null, tolerance, note) in NULLS[entry].items()
    ]

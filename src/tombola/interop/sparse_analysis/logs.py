"""Logs of both programs as columns by epoch."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.interop.sparse_analysis.frames import read_frame
from tombola.interop.sparse_analysis.snapshot import Family

GEM_LOG, SYNFLOW_LOG = "acc_and_sparsity.csv", "post-train.pkl"
CHECKS = {"reinit": "acc_and_sparsity_weight_reinit.csv", "mask-shuffle": "acc_and_sparsity_mask_shuffle.csv"}
"""Sanity check of Gem-Miner -> its log."""

EPOCH, BEFORE_ROUNDING = "epoch", "test_acc_before_rounding"
SIZE_LIMIT = 16 << 20

NAMES = {
    "test": {"gem-miner": "test_acc", "synaptic-flow": "top1_accuracy"},
    "loss": {"synaptic-flow": "train_loss"},
}


@dataclass(frozen=True)
class Log:
    """Measurements of one training.

    Attributes
    ----------
    path
        The file.
    family
        Which program wrote it.
    columns
        Name -> numbers, one per row; percents as they are in the file.
    """

    path: Path
    family: Family
    columns: dict[str, Float[np.ndarray, " row"]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    @property
    def epochs(self) -> NDArray[np.int64]:
        """The epoch of every row: what it says, or its number."""
        found = self.columns.get(EPOCH)
        return np.arange(self.rows) if found is None else np.nan_to_num(found, nan=-1).astype(np.int64)

    @property
    def search(self) -> Bool[np.ndarray, " row"]:
        """Which rows are of a search for a mask, weights frozen."""
        before = self.columns.get(BEFORE_ROUNDING)
        return np.zeros(self.rows, bool) if before is None else before != -1

    def column(self, what: str) -> Float[np.ndarray, " row"]:
        """Return a column by our word for it; NaN where the program has none."""
        found = self.columns.get(NAMES[what].get(self.family, ""))
        return np.full(self.rows, np.nan) if found is None else found


def read_gem_log(path: Path) -> Log:
    """Return a log of Gem-Miner; entries that are no numbers are NaN.

    Raises
    ------
    TombolaError
        If it cannot be read, or has no columns of such a log.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise TombolaError(f"{path} is larger than any log of accuracies")
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, csv.Error) as error:
        raise TombolaError(f"cannot read {path}: {error}") from error
    names = [name.strip() for name in rows[0]] if rows else []
    if EPOCH not in names or "test_acc" not in names:
        raise TombolaError(f"{path} is no log of Gem-Miner (columns {EPOCH} and test_acc)")
    body = np.array([[_number(row, i) for i in range(len(names))] for row in rows[1:]], float).reshape(-1, len(names))
    return Log(path, "gem-miner", {name: body[:, i] for i, name in enumerate(names)})


def _number(row: list[str], index: int) -> float:
    try:
        return float(row[index])
    except (ValueError, IndexError):
        return float("nan")


def read_synflow_log(path: Path) -> Log:
    """Return a log of Synaptic-Flow.

    Raises
    ------
    TombolaError
        If it cannot be read, or has no columns of such a log.
    """
    frame = read_frame(path)
    columns = {name: np.asarray(values, float) for name, values in frame.items() if isinstance(values, np.ndarray)}
    if NAMES["test"]["synaptic-flow"] not in columns:
        raise TombolaError(f"{path} is no log of Synaptic-Flow (column {NAMES['test']['synaptic-flow']})")
    return Log(path, "synaptic-flow", columns)

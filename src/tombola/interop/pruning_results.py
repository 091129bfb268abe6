"""The result file of the published pruning study as a table in this project's words (explainability, section 4.5)."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from tombola.errors import TombolaError

MISSING = "-"
"""What stands in the file where nothing was written down; never 0."""

IMAGES = {"train": 9_469, "val": 1_125, "test": 2_800}
"""Images of the published parts, which accuracies are shares of."""

ROUGH = 2
"""Accuracies of so few decimals were typed by hand: no count follows from them."""

SCOPES = {"features": "conv"}
ELAPSED = re.compile(r"(?:(\d+)h\s*)?(?:(\d+)m\s*)?(\d+)s")

OWN = {
    "pruning_method": "pruning_method",
    "sparsity": "target_rate",
    "modules_pruned_and_finetuned": "scope",
    "pruned_model_path": "model",
    "batch_size": "batch_size",
    "max_epochs_finetuned": "max_epochs",
    "early_stopping_epoch": "best_epoch",
    "training_accuracy": "max_train_accuracy",
    "validation_accuracy": "val_top1",
    "time_elapsed": "seconds",
    "test_top1_accuracy": "test_top1",
    "test_top5_accuracy": "test_top5",
}
"""The file's column -> ours. Its "sparsity" is the compression rate; its training accuracy the maximum over epochs."""

COUNTED = {
    "max_train_correct": ("max_train_accuracy", "train"),
    "val_correct": ("val_top1", "val"),
    "test_correct": ("test_top1", "test"),
    "test_top5_correct": ("test_top5", "test"),
}
TEXTS = ("pruning_method", "scope", "model")
WHOLE = ("batch_size", "max_epochs", "best_epoch", *COUNTED, *(f"{part}_n" for part in IMAGES))


def read_pruning_results(path: str | Path, images: dict[str, int] | None = None) -> pd.DataFrame:
    """Return the rows of a published result file, columns named as in `tombola show --results`.

    Parameters
    ----------
    path
        A CSV file with an unnamed index and the columns of `OWN`, in any order.
    images
        Images by part (``train``, ``val``, ``test``), for the number of correct answers; default: the published ones.

    Returns
    -------
    DataFrame
        One row per compression rate. What the file leaves out ("-", or nothing) is missing. Times are seconds.

    Raises
    ------
    TombolaError
        For a file that is not there or has other columns, and for a cell that is no number, naming row and column.

    Examples
    --------
    >>> read_pruning_results("pruning_results.csv").seconds.tolist()  # doctest: +SKIP
    [<NA>, 1464.0, 1713.0]
    """
    path, sizes = Path(path), dict(IMAGES if images is None else images)
    rows = [_row(path, number, cells, sizes) for number, cells in enumerate(_cells(path))]
    table = pd.DataFrame(rows, columns=[*OWN.values(), *COUNTED, *(f"{part}_n" for part in IMAGES)])
    kinds = {name: "string" if name in TEXTS else "Int64" if name in WHOLE else "Float64" for name in table}
    return table.astype(kinds)


def seconds(text: str) -> float:
    """Return a time like "24m 24s" in seconds.

    Examples
    --------
    >>> seconds("24m 24s"), seconds("1h 0m 2s")
    (1464.0, 3602.0)
    """
    match = ELAPSED.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return 3600.0 * hours + 60 * minutes + rest


def _scope(text: str) -> str:
    return SCOPES.get(text, text)


READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(OWN.values(), float),
    **dict.fromkeys(TEXTS, str),
    **dict.fromkeys(("batch_size", "max_epochs", "best_epoch"), int),
    "scope": _scope,
    "seconds": seconds,
}


def _cells(path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TombolaError(f"{path} cannot be read as CSV: {getattr(error, 'strerror', None) or error}") from error
    lacking = [name for name in OWN if not rows or name not in rows[0]]
    if lacking:
        raise TombolaError(f"{path} is no result file of the published study: it lacks column '{lacking[0]}'")
    return rows


def _row(path: Path, number: int, cells: dict[str, str], sizes: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for theirs, ours in OWN.items():
        text = (cells[theirs] or "").strip()
        try:
            row[ours] = None if text in ("", MISSING) else READERS[ours](text)
        except ValueError:
            raise TombolaError(f"{path}: '{text}' in column '{theirs}' of row {number} cannot be read") from None
    row |= {f"{part}_n": count for part, count in sizes.items()}
    columns = {ours: theirs for theirs, ours in OWN.items()}
    for name, (share, part) in COUNTED.items():
        exact = len(cells[columns[share]].strip().partition(".")[2]) > ROUGH
        row[name] = round(row[share] * sizes[part]) if row[share] is not None and exact else None
    return row

"""The tidy frame of answers: one row per answer, explicit types, and ``none`` a value like any other.

Everything that is said about a study starts here, whoever asked the questions: the study's own server, MTurk, Prolific
or a published file. A CSV reader that guesses takes ``none`` for a missing answer, so nothing here is guessed.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tombola.errors import TombolaError, nearest
from tombola.store.files import write_text
from tombola.study.answer_rules import COLUMNS, RAW_PARTICIPANT, validate

__all__ = [
    "COLUMNS",
    "RAW_PARTICIPANT",
    "answers_frame",
    "merge",
    "of_task",
    "read_answers",
    "read_texts",
    "records",
    "validate",
    "write_answers",
]

TEXT_OF_TRUTH: Final = {"True": True, "False": False, "true": True, "false": False}


def answers_frame(rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Return rows as a valid frame of answers: columns in order, types set, absent columns missing throughout.

    Parameters
    ----------
    rows
        Mappings or a frame with any of the columns of `COLUMNS`, no others. None and NaN are missing.

    Raises
    ------
    TombolaError
        If a column is unknown, a value does not fit its type, or `validate` objects.
    """
    frame = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows))
    unknown = [str(name) for name in frame.columns if name not in COLUMNS]
    if unknown:
        raise TombolaError(f"answers have no column '{unknown[0]}'{nearest(unknown[0], COLUMNS)}")
    made = {name: _typed(frame, name, kind) for name, kind in COLUMNS.items()}
    return validate(pd.DataFrame(made, columns=list(COLUMNS)).reset_index(drop=True))


def read_answers(path: Path) -> pd.DataFrame:
    """Return the answers in a CSV file that `write_answers` or a study's server wrote.

    An empty field is missing; every other text is a value, ``none`` and ``NA`` included.

    Raises
    ------
    TombolaError
        If there is no such file, or it does not hold a valid frame of answers.
    """
    return answers_frame(read_texts(path))


def write_answers(frame: pd.DataFrame, path: Path) -> None:
    """Write answers as CSV, atomically; reading them again gives an equal frame.

    Raises
    ------
    TombolaError
        If `validate` objects: nothing is written then.
    """
    write_text(path, validate(frame).to_csv(index=False, na_rep="", lineterminator="\n"))


def read_texts(path: Path) -> pd.DataFrame:
    """Return a CSV file as texts, nothing guessed; empty fields are missing.

    Raises
    ------
    TombolaError
        If it cannot be read as a table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        frame = pd.read_csv(io.StringIO(text), dtype="string", keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        raise TombolaError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise TombolaError(f"{path} cannot be read as a table: {error}") from None
    return frame


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings, None where a value is missing."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def merge(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several frames of answers below each other; an answer stays with the batch it came from.

    Raises
    ------
    TombolaError
        If two frames share a batch: then they could not be told apart any more (or the same file was given twice).
    """
    if not frames:
        return answers_frame([])
    seen: set[str] = set()
    for frame in frames:
        batches = set(frame.batch.unique())
        if seen & batches:
            name = min(seen & batches)
            raise TombolaError(f"batch '{name}' comes twice; give each file once, or name batches apart")
        seen |= batches
    return validate(pd.concat(frames, ignore_index=True))


def of_task(frame: pd.DataFrame, task: str, kinds: Sequence[str] = ("main",)) -> pd.DataFrame:
    """Return the answers to one task, main trials unless other kinds are asked for, in their order."""
    return frame[(frame.task == task) & frame.kind.isin(list(kinds))].reset_index(drop=True)


def _typed(frame: pd.DataFrame, name: str, kind: Any) -> "pd.Series[Any]":
    if name not in frame.columns:
        absent: pd.Series[Any] = pd.Series(pd.NA, index=frame.index, dtype=kind)
        return absent
    values = frame[name]
    if kind == "boolean" and not pd.api.types.is_bool_dtype(values.dtype):
        values = values.map(lambda value: TEXT_OF_TRUTH.get(value, value), na_action="ignore")
    try:
        if kind in ("Int64", "Float64"):
            values = pd.to_numeric(values)
        typed: pd.Series[Any] = values.astype(kind)
    except (ValueError, TypeError) as error:
        raise TombolaError(f"column '{name}' of answers does not hold what it should ({kind}): {error}") from None
    return typed

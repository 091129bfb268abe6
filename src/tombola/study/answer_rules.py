"""What a frame of answers must be: its columns and their types, and what its values may say."""

import re
from collections.abc import Mapping
from typing import Final, get_args

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.trial import NEITHER, TASKS, Kind

COLUMNS: Final[Mapping[str, str]] = {
    "batch": "string",
    "participant": "string",
    "task": "string",
    "kind": "string",
    "trial": "string",
    "image": "Int64",
    "image_class": "string",
    "left": "string",
    "right": "string",
    "condition": "string",
    "answer": "string",
    "side": "string",
    "correct": "boolean",
    "confidence": "Int64",
    "seconds": "Float64",
    "focus_losses": "Int64",
    "at": "string",
    "options_order": "string",
    "phase": "string",
}
"""Column -> pandas type. All of them hold missing values as `pandas.NA`."""

NEEDED: Final = ("batch", "participant", "task", "kind", "trial", "answer")
"""Columns in which nothing may be missing."""
KINDS: Final[tuple[str, ...]] = get_args(Kind)
SIDES: Final = ("left", "right", NEITHER)
CONFIDENCES: Final = (1, 2, 3, 4)
PHASES: Final = ("before", "after")
"""Forward simulation: before or after the explanation was seen."""
ASKED_IN_EARNEST: Final = ("main", "repeat")
"""Kinds whose answers are data, not practice or control."""
RAW_PARTICIPANT: Final = re.compile(r"A[0-9A-Z]{11,20}|[0-9a-f]{24}")
"""What participants are called by MTurk and by Prolific: ids of people, which have no place in any file."""


def validate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of answers as it is, if it is one.

    Raises
    ------
    TombolaError
        If columns or types are not those of `COLUMNS`; if something needed is missing; if a task, kind or side is
        unknown; if a pairwise answer is not what stood on the chosen side; or if a participant's id is one that MTurk
        or Prolific gave: it must be replaced by a pseudonym before it comes here.
    """
    if list(frame.columns) != list(COLUMNS):
        raise TombolaError(f"answers need the columns {', '.join(COLUMNS)}; these have {', '.join(map(str, frame))}")
    for name, kind in COLUMNS.items():
        if str(frame[name].dtype) != kind:
            raise TombolaError(f"column '{name}' of answers is {frame[name].dtype}; it must be {kind}")
    for name in NEEDED:
        _refuse(frame, frame[name].isna(), f"column '{name}' is missing")
    _refuse(frame, ~frame.task.isin(TASKS), f"the task is none of {', '.join(TASKS)}", "task")
    _refuse(frame, ~frame.kind.isin(KINDS), f"the kind is none of {', '.join(KINDS)}", "kind")
    raw = frame.participant.str.fullmatch(RAW_PARTICIPANT)
    _refuse(frame, raw, "the participant is not a pseudonym but the id of a person on MTurk or Prolific")
    _refuse(frame, _known(~frame.confidence.isin(CONFIDENCES), frame.confidence), "the confidence is not 1 to 4")
    _refuse(frame, _known(~frame.phase.isin(PHASES), frame.phase), "the phase is neither before nor after", "phase")
    for name in ("seconds", "focus_losses"):
        _refuse(frame, frame[name] < 0, f"column '{name}' is negative", name)
    _check_places(frame)
    return frame


def _check_places(frame: pd.DataFrame) -> None:
    pairwise = frame.task == "pairwise"
    for name in ("left", "right", "side"):
        _refuse(frame, pairwise & frame[name].isna(), f"a pairwise answer has no '{name}'")
        _refuse(frame, ~pairwise & frame[name].notna(), f"an answer that is not pairwise has a '{name}'", name)
    _refuse(frame, pairwise & frame.condition.notna(), "a pairwise answer has a 'condition' besides 'left' and 'right'")
    earnest = frame.kind.isin(ASKED_IN_EARNEST)
    _refuse(frame, ~pairwise & earnest & frame.condition.isna(), "an answer that is not pairwise has no 'condition'")
    _refuse(frame, earnest & frame.image.isna(), "there is no 'image'")
    _refuse(frame, pairwise & earnest & (frame.left == frame.right), "a condition is compared with itself", "left")
    _refuse(frame, pairwise & ~frame.side.isin(SIDES), f"the side is none of {', '.join(SIDES)}", "side")
    chosen = frame.left.where(frame.side == "left", frame.right.where(frame.side == "right", NEITHER))
    _refuse(frame, pairwise & (frame.answer != chosen), "the answer is not what stood on the chosen side", "answer")


def _known(wrong: pd.Series, values: pd.Series) -> pd.Series:
    return wrong & values.notna()


def _refuse(frame: pd.DataFrame, wrong: pd.Series, why: str, column: str | None = None) -> None:
    """Raise about the first row that is wrong; a comparison with a missing value is not."""
    rows = wrong.fillna(False).astype(bool)
    if rows.any():
        first = int(rows.to_numpy().argmax())
        value = f" ('{frame[column].iloc[first]}')" if column else ""
        raise TombolaError(f"answer {first + 1} of {len(frame)}: {why}{value}")

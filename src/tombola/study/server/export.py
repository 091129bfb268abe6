"""Answers out of the database, joined with the key: the tidy frame that every analysis begins with."""

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tombola.errors import TombolaError
from tombola.study.answers import answers_frame
from tombola.study.design.folder import Study
from tombola.study.server.database import connect

if TYPE_CHECKING:
    import pandas as pd

ROWS = """
    SELECT p.batch, p.pseudonym, p.id, l.kind, l.trial, l.options, a.*
    FROM answers a
    JOIN participants p ON p.id = a.participant
    JOIN plan l ON l.participant = a.participant AND l.position = a.position AND l.kind != 'quiz'
    ORDER BY p.id, a.position, a.attempt
"""

QUIZ = """
    SELECT a.participant, a.value, l.trial FROM answers a
    JOIN plan l ON l.participant = a.participant AND l.position = a.position AND l.kind = 'quiz'
"""
PARTICIPANT = (
    "participant", "batch", "arrival", "stage", "quiz_tries", "quiz_wrong", "began", "finished", "texts",
)  # fmt: skip
ABOUT = ("age", "background", "colours", "device")


def export_answers(study: Study) -> "pd.DataFrame":
    """Return every stored answer of a study with its truth, one row per answer, as `tombola.study.answers` has them.

    Works on a study that is being served. Practice, attention checks and repeats are rows of their own kinds; the quiz,
    which is about the instructions and no picture, is told by `export_participants`.

    Parameters
    ----------
    study
        The study, with its key.

    Raises
    ------
    TombolaError
        If there are no answers yet, or they belong to another study.
    """
    return answers_frame(list(_tidy(study, _ask(study, ROWS))))


def export_participants(study: Study) -> "pd.DataFrame":
    """Return one row per participant: batch, how far they came, tries of the quiz, times, what they said of themselves.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    frame
        Columns participant, batch, arrival, stage, quiz_tries, quiz_wrong (wrong answers over all tries), began,
        finished (ISO times), texts (JSON: versions of the texts they agreed to), and one column per question about
        themselves, missing where they were not asked.

    Raises
    ------
    TombolaError
        If there are no answers yet.
    """
    import pandas as pd

    told: dict[int, dict[str, str]] = {}
    for row in _ask(study, "SELECT * FROM demographics"):
        told.setdefault(row["participant"], {})[row["question"]] = row["answer"]
    wrong: Counter[int] = Counter()
    for row in _ask(study, QUIZ):
        wrong[row["participant"]] += study.truth[row["trial"]].judge(row["value"]) is False
    rows = [
        {
            "participant": row["pseudonym"],
            "batch": row["batch"],
            "arrival": row["arrival"],
            "stage": row["stage"],
            "quiz_tries": row["tries"],
            "quiz_wrong": wrong[row["id"]],
            "began": _iso(row["planned"]),
            "finished": _iso(row["finished"]),
            "texts": row["texts"],
            **{question: told.get(row["id"], {}).get(question) for question in ABOUT},
        }
        for row in _ask(study, "SELECT * FROM participants ORDER BY id")
    ]
    types = dict.fromkeys(("arrival", "quiz_tries", "quiz_wrong"), "Int64")
    columns = [*PARTICIPANT, *ABOUT]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: types.get(name, "string") for name in columns})


def _ask(study: Study, question: str) -> list[sqlite3.Row]:
    if not study.answers_file.is_file():
        raise TombolaError(f"{study.path} has no answers yet; collect some with `tombola study serve`")
    try:
        with contextlib.closing(connect(study.answers_file, read_only=True)) as connection:
            return connection.execute(question).fetchall()
    except sqlite3.Error as error:
        raise TombolaError(f"cannot read {study.answers_file}: {error}") from error


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _tidy(study: Study, rows: list[sqlite3.Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        name = row["trial"]
        if name not in study.trials:
            raise TombolaError(f"the answers of {study.path} are to a trial '{name}' that the study does not have")
        trial, truth = study.trials[name], study.truth[name]
        pairwise = trial.task == "pairwise"
        yield {
            "batch": row["batch"],
            "participant": row["pseudonym"],
            "task": trial.task,
            "kind": row["kind"],
            "trial": name,
            "image": truth.image or None,
            "image_class": truth.image_class or None,
            "phase": truth.phase or None,
            "left": (truth.left or None) if pairwise else None,
            "right": (truth.right or None) if pairwise else None,
            "condition": None if pairwise else truth.condition or None,
            "answer": truth.winner(row["value"]),
            "side": row["value"] if pairwise else None,
            "correct": truth.judge(row["value"]),
            "confidence": row["confidence"],
            "seconds": None if row["milliseconds"] is None else row["milliseconds"] / 1000,
            "focus_losses": row["focus_losses"],
            "at": _iso(row["received"]),
            "options_order": "|".join(json.loads(row["options"])),
        }

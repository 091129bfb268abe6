"""Live counts for the admin page: how far the study is, and nothing that unblinds whoever looks."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from tombola.study.server.flow import ENDS, ORDER
from tombola.study.server.served import ServedStudy

NEWEST = 5000


@dataclass(frozen=True)
class Counts:
    """One look at a running study.

    Attributes
    ----------
    stages
        Stage -> participants, in the order of the flow; stages without anybody are 0.
    answers
        Answers to trials that are not practice or quiz.
    cells
        How many answers a cell has -> number of such cells, ascending; 0 included.
    finished, begun
        Participants with a completion code; participants who consented.
    seconds
        Median seconds per trial by the participants' clocks, over the newest answers; None if nothing was measured.
    """

    stages: Mapping[str, int]
    answers: int
    cells: Mapping[int, int]
    finished: int
    begun: int
    seconds: float | None


def count(connection: sqlite3.Connection, study: ServedStudy, batch: str) -> Counts:
    """Count the participants and answers of one batch."""
    found = dict(
        connection.execute(
            "SELECT stage, COUNT(*) FROM participants WHERE batch = ? GROUP BY stage", (batch,)
        ).fetchall()
    )
    stages: dict[str, int] = {stage: found.get(stage, 0) for stage in (*ORDER, *ENDS[1:])}
    earnest = (
        " FROM answers a JOIN plan l ON l.participant = a.participant AND l.position = a.position"
        " JOIN participants p ON p.id = a.participant WHERE p.batch = ? AND l.kind NOT IN ('practice', 'quiz')"
    )
    answers = connection.execute(f"SELECT COUNT(*){earnest}", (batch,)).fetchone()[0]
    filled = connection.execute(
        f"SELECT l.cell, COUNT(DISTINCT a.participant){earnest} AND l.cell != '' GROUP BY l.cell", (batch,)
    ).fetchall()
    per_cell = dict(filled)
    wanted = {study.truth[name].cell for name, trial in study.trials.items() if trial.kind == "main"}
    histogram = Counter(per_cell.get(cell, 0) for cell in wanted)
    times = connection.execute(
        f"SELECT a.milliseconds{earnest} AND a.milliseconds IS NOT NULL ORDER BY a.received DESC LIMIT {NEWEST}",
        (batch,),
    ).fetchall()
    begun = connection.execute(
        "SELECT COUNT(*) FROM participants WHERE batch = ? AND arrival IS NOT NULL", (batch,)
    ).fetchone()[0]
    return Counts(
        stages,
        answers,
        dict(sorted(histogram.items())),
        stages["done"],
        begun,
        median(row[0] for row in times) / 1000 if times else None,
    )

"""Is everything that was confirmed in the database, once, and nothing else? What clients saw against what is stored."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tombola.study.design.folder import Study
from tombola.study.server.database import connect
from tombola.study.simulated.requests import Accepted

STORED = """
    SELECT t.hash, a.position, a.value FROM answers a
    JOIN tokens t ON t.participant = a.participant
    JOIN plan l ON l.participant = a.participant AND l.position = a.position AND l.kind != 'quiz'
"""
ALL = """
    SELECT a.participant, l.trial, l.cell, p.batch FROM answers a
    JOIN participants p ON p.id = a.participant
    JOIN plan l ON l.participant = a.participant AND l.position = a.position AND l.kind != 'quiz'
"""


@dataclass(frozen=True)
class Audit:
    """What clients saw, against what is stored.

    Attributes
    ----------
    accepted, stored
        Answers (practice included, comprehension questions not) that were confirmed; that are stored.
    lost
        Confirmed, and not stored.
    unconfirmed
        Stored, and not confirmed to anybody known: sent when a connection broke, or by other participants.
    doubled
        Trials that one participant has answered twice.
    overfull
        Cells with more main answers of one batch than the study wants raters.
    """

    accepted: int
    stored: int
    lost: int
    unconfirmed: int
    doubled: int
    overfull: int

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, doubled or overfull."""
        return not (self.lost or self.doubled or self.overfull)


def audit(study: Study, accepted: Iterable[Accepted]) -> Audit:
    """Compare the answers that clients saw confirmed with those in the database of a study.

    Parameters
    ----------
    study
        The study, served or not.
    accepted
        What clients saw.
    """
    told = {(each.token, each.position, each.value) for each in accepted}
    stored = {(bytes(row[0]), row[1], row[2]) for row in _rows(study.answers_file, STORED)}
    rows = _rows(study.answers_file, ALL)
    twice = Counter((row["participant"], row["trial"]) for row in rows)
    cells = Counter((row["batch"], row["trial"], row["cell"]) for row in rows if row["cell"])
    last = {variant[-1] for variants in study.cells.values() for variant in variants}
    per_cell: Counter[tuple[str, str]] = Counter()
    for (batch, trial, cell), count in cells.items():
        per_cell[batch, cell] += count if trial in last else 0
    return Audit(
        len(told),
        len(rows),
        len(told - stored),
        len(stored - told),
        sum(count > 1 for count in twice.values()),
        sum(count > study.spec.raters for count in per_cell.values()),
    )


def _rows(file: Path, question: str) -> list[sqlite3.Row]:
    with contextlib.closing(connect(file, read_only=True)) as connection:
        return connection.execute(question).fetchall()

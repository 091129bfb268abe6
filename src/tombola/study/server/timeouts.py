"""Silent participants: their unanswered places return to the pool, and they get them back if nobody took them."""

import sqlite3
from typing import cast

from tombola.study.server.database import now
from tombola.study.server.flow import HOLDING, Stage
from tombola.study.server.participants import Participant, by_id, move


def expire(connection: sqlite3.Connection, minutes: float) -> int:
    """Let everybody go who holds places and was silent for so long; return how many."""
    moment = now()
    marks = ", ".join("?" * len(HOLDING))
    changed = connection.execute(
        "UPDATE participants SET left_in = stage, stage = 'expired', expired = ?"
        f" WHERE stage IN ({marks}) AND seen < ?",
        (moment, *HOLDING, moment - minutes * 60),
    )
    return changed.rowcount


def return_from_silence(connection: sqlite3.Connection, number: int) -> Participant:
    """Put somebody who comes back late where they stopped, unless a place of theirs went to another in between."""
    who = by_id(connection, number)
    if who.stage != "expired":
        return who
    left_in, expired = connection.execute(
        "SELECT left_in, expired FROM participants WHERE id = ?", (number,)
    ).fetchone()
    given_away = connection.execute(
        "SELECT 1 FROM plan mine JOIN plan theirs ON theirs.cell = mine.cell"
        " JOIN participants p ON p.id = theirs.participant"
        " WHERE mine.participant = ? AND mine.position >= ? AND mine.cell != ''"
        " AND p.id != mine.participant AND p.batch = ? AND p.planned >= ? LIMIT 1",
        (number, who.position, who.batch, expired),
    ).fetchone()
    return who if given_away else move(connection, who, cast(Stage, left_in))

"""Answers, saved once: each in one transaction, and a repeated one changes nothing."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tombola.study.server.database import now
from tombola.study.server.flow import after, stage_of
from tombola.study.server.participants import Participant, by_id, kinds_of, move


@dataclass(frozen=True)
class Given:
    """One answer as it came in; fields as in the table."""

    value: str
    confidence: int | None = None
    milliseconds: int | None = None
    server_seconds: float | None = None
    focus_losses: int | None = None
    width: int | None = None
    height: int | None = None


def save_answer(
    connection: sqlite3.Connection, number: int, position: int, given: Given, *, demographics: bool
) -> Participant:
    """Store the answer at a place of a plan and go on to the next place.

    Nothing is stored where the participant is not at this place (any more): the same page sent twice, an old page
    sent from the browser's history, a place skipped. All of them lead to where the participant is.

    Returns
    -------
    who
        The participant after the answer.
    """
    who = by_id(connection, number)
    row = connection.execute(
        "SELECT kind FROM plan WHERE participant = ? AND position = ?", (number, position)
    ).fetchone()
    if row is None or who.position != position or who.stage != stage_of(row["kind"]) or who.stage == "quiz":
        return who
    _store(connection, number, position, 0, given)
    return _advance(connection, who, 1, demographics=demographics)


def save_quiz(
    connection: sqlite3.Connection,
    number: int,
    attempt: int,
    values: Mapping[int, str],
    *,
    passed: bool,
    tries: int,
    demographics: bool,
) -> Participant:
    """Store one attempt at the comprehension questions; after the last that fails the participation ends.

    Parameters
    ----------
    connection, number
        The database; the participant.
    attempt
        Which attempt the page was made for, from 0; an attempt that is over changes nothing.
    values
        Position in the plan -> answer.
    passed
        Whether all answers are right.
    tries
        How many attempts there are.
    demographics
        Whether questions about the participant come later.
    """
    who = by_id(connection, number)
    if who.stage != "quiz" or who.tries != attempt:
        return who
    for position, value in values.items():
        _store(connection, number, position, attempt, Given(value))
    connection.execute("UPDATE participants SET tries = tries + 1, seen = ? WHERE id = ?", (now(), number))
    who = replace(who, tries=who.tries + 1)
    if passed:
        return _advance(connection, who, len(values), demographics=demographics)
    return move(connection, who, "failed") if who.tries >= tries else who


def withdraw(connection: sqlite3.Connection, number: int) -> Participant:
    """Take a participant's answers out of the database for good, and give back their places."""
    for table in ("answers", "demographics", "plan"):
        connection.execute(f"DELETE FROM {table} WHERE participant = ?", (number,))
    return move(connection, by_id(connection, number), "withdrawn")


def save_demographics(
    connection: sqlite3.Connection, number: int, answers: Mapping[str, str], *, demographics: bool = True
) -> Participant:
    """Store what somebody chose to say about themselves and go on."""
    who = by_id(connection, number)
    if who.stage != "demographics":
        return who
    connection.executemany(
        "INSERT INTO demographics VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(number, question, answer) for question, answer in answers.items()],
    )
    return move(connection, who, after("demographics", (), demographics=demographics))


def _store(connection: sqlite3.Connection, number: int, position: int, attempt: int, given: Given) -> None:
    connection.execute(
        "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            position,
            attempt,
            given.value,
            given.confidence,
            given.milliseconds,
            given.server_seconds,
            given.focus_losses,
            given.width,
            given.height,
            now(),
        ),
    )


def _advance(connection: sqlite3.Connection, who: Participant, places: int, *, demographics: bool) -> Participant:
    """Go on by some places; where the stage has no more, to the next stage."""
    position = who.position + places
    connection.execute("UPDATE participants SET position = ?, seen = ? WHERE id = ?", (position, now(), who.id))
    who = replace(who, position=position)
    row = connection.execute(
        "SELECT kind FROM plan WHERE participant = ? AND position = ?", (who.id, position)
    ).fetchone()
    if row is not None and stage_of(row["kind"]) == who.stage:
        return who
    return move(connection, who, after(who.stage, kinds_of(connection, who), demographics=demographics))

"""Participants as the database knows them: who they are by token, and where they stand."""

import sqlite3
from dataclasses import dataclass, replace
from typing import cast

from tombola.study.server.database import now
from tombola.study.server.flow import Stage, after, page_of
from tombola.study.server.tokens import new_code, random_pseudonym, token_hash


@dataclass(frozen=True)
class Participant:
    """One participant at one moment; fields as in the table."""

    id: int
    pseudonym: str
    batch: str
    stage: Stage
    position: int
    tries: int
    seen: float
    code: str | None

    @property
    def page(self) -> str:
        """Address of the page on which they are."""
        return page_of(self.stage, self.position)


def by_token(connection: sqlite3.Connection, token: str) -> Participant | None:
    """Return the participant who holds a token, if anybody does."""
    row = connection.execute(
        "SELECT p.* FROM tokens t JOIN participants p ON p.id = t.participant WHERE t.hash = ?", (token_hash(token),)
    ).fetchone()
    return None if row is None else _participant(row)


def by_id(connection: sqlite3.Connection, number: int) -> Participant:
    """Return a participant as they are now."""
    return _participant(connection.execute("SELECT * FROM participants WHERE id = ?", (number,)).fetchone())


def begin(connection: sqlite3.Connection, token: str, batch: str, pseudonym: str | None = None) -> Participant:
    """Make a participant, or find the one whom a platform sent before, and let a token stand for them."""
    name = pseudonym or random_pseudonym()
    moment = now()
    connection.execute(
        "INSERT INTO participants (pseudonym, batch, stage, created, seen) VALUES (?, ?, 'consent', ?, ?)"
        " ON CONFLICT (pseudonym) DO NOTHING",
        (name, batch, moment, moment),
    )
    row = connection.execute("SELECT * FROM participants WHERE pseudonym = ?", (name,)).fetchone()
    connection.execute("INSERT INTO tokens VALUES (?, ?)", (token_hash(token), row["id"]))
    return _participant(row)


def move(connection: sqlite3.Connection, who: Participant, stage: Stage, *, code: str = "") -> Participant:
    """Put a participant into a stage; at the end they get a completion code, `code` if it is one for all."""
    moment = now()
    finished, given = None, who.code
    if stage == "done" and given is None:
        finished, given = moment, None if code else new_code()
    connection.execute(
        "UPDATE participants SET stage = ?, seen = ?, finished = COALESCE(finished, ?), code = ? WHERE id = ?",
        (stage, moment, finished, given, who.id),
    )
    return replace(who, stage=stage, seen=moment, code=given)


def step(
    connection: sqlite3.Connection, number: int, stage: Stage, *, demographics: bool, code: str = ""
) -> Participant:
    """Let a participant who has finished a stage without questions go on; from any other stage nothing happens."""
    who = by_id(connection, number)
    if who.stage != stage:
        return who
    return move(connection, who, after(stage, kinds_of(connection, who), demographics=demographics), code=code)


def decline(connection: sqlite3.Connection, number: int) -> Participant:
    """Let somebody go who does not consent."""
    who = by_id(connection, number)
    return move(connection, who, "declined") if who.stage == "consent" else who


def kinds_of(connection: sqlite3.Connection, who: Participant) -> set[str]:
    """Return the kinds of trials in a participant's plan."""
    return {row[0] for row in connection.execute("SELECT DISTINCT kind FROM plan WHERE participant = ?", (who.id,))}


def _participant(row: sqlite3.Row) -> Participant:
    return Participant(
        row["id"],
        row["pseudonym"],
        row["batch"],
        cast(Stage, row["stage"]),
        row["position"],
        row["tries"],
        row["seen"],
        row["code"],
    )

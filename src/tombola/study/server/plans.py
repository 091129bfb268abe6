"""Plans: which trials a participant meets, given out at consent and counted per cell."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tombola.study.server.database import now
from tombola.study.server.flow import HOLDING, ORDER, after, stage_of
from tombola.study.server.participants import Participant, by_id, move
from tombola.study.server.served import ServedStudy
from tombola.study.trial import Kind, Trial


@dataclass(frozen=True)
class Place:
    """One place of a participant's plan: a trial with its answers in their order."""

    position: int
    trial: Trial


def consent(connection: sqlite3.Connection, number: int, study: ServedStudy) -> Participant:
    """Give a participant who agrees the next arrival number and the plan that belongs to it; twice is as once."""
    who = by_id(connection, number)
    if who.stage != "consent":
        return who
    arrival = connection.execute(
        "SELECT COALESCE(MAX(arrival), -1) + 1 FROM participants WHERE batch = ?", (who.batch,)
    ).fetchone()[0]
    trials = study.plan(arrival, taken(connection, who.batch))
    if not trials:
        return move(connection, who, "full")
    versions = {name: text.version for name, text in study.texts.items()}
    connection.execute(
        "UPDATE participants SET arrival = ?, planned = ?, texts = ? WHERE id = ?",
        (arrival, now(), json.dumps(versions), number),
    )
    rows = [
        (trial.name, trial.kind, _counted(trial, study), json.dumps([option.value for option in trial.options]))
        for trial in _in_stages(trials)
    ]
    connection.executemany(
        "INSERT INTO plan VALUES (?, ?, ?, ?, ?, ?)", [(number, position, *row) for position, row in enumerate(rows)]
    )
    return move(connection, who, after("consent", {trial.kind for trial in trials}, demographics=study.demographics))


def places(connection: sqlite3.Connection, who: Participant, trials: Mapping[str, Trial]) -> list[Place]:
    """Return a participant's whole plan in order."""
    rows = connection.execute(
        "SELECT position, trial, kind, options FROM plan WHERE participant = ? ORDER BY position", (who.id,)
    )
    return [Place(row["position"], met(trials[row["trial"]], row["kind"], row["options"])) for row in rows]


def place(connection: sqlite3.Connection, who: Participant, position: int, trials: Mapping[str, Trial]) -> Place | None:
    """Return one place of a participant's plan, if there is such a place."""
    row = connection.execute(
        "SELECT trial, kind, options FROM plan WHERE participant = ? AND position = ?", (who.id, position)
    ).fetchone()
    return None if row is None else Place(position, met(trials[row["trial"]], row["kind"], row["options"]))


def met(trial: Trial, kind: Kind, order: str) -> Trial:
    """Return a trial as a participant meets it.

    Parameters
    ----------
    trial
        The trial as the study has it.
    kind
        What it is for this participant: a repeat is a main trial for others.
    order
        JSON list of answers' values in the order shown.
    """
    options = {option.value: option for option in trial.options}
    return replace(trial, kind=kind, options=tuple(options[value] for value in json.loads(order)))


def count(connection: sqlite3.Connection, who: Participant) -> list[Kind]:
    """Return the kinds of a participant's trials in order."""
    return [
        row[0] for row in connection.execute("SELECT kind FROM plan WHERE participant = ? ORDER BY position", (who.id,))
    ]


def last_answer(connection: sqlite3.Connection, who: Participant, position: int) -> str | None:
    """Return what a participant answered at a place, at the last attempt, if anything."""
    row = connection.execute(
        "SELECT value FROM answers WHERE participant = ? AND position = ? ORDER BY attempt DESC LIMIT 1",
        (who.id, position),
    ).fetchone()
    return None if row is None else row["value"]


def taken(connection: sqlite3.Connection, batch: str) -> dict[str, int]:
    """Return per main trial how many participants of a batch have answered it, or hold it.

    What somebody answered stays taken when they leave; what they did not answer returns to the pool.
    """
    holding = ", ".join(f"'{stage}'" for stage in HOLDING)
    rows = connection.execute(
        "SELECT l.trial, COUNT(*) FROM plan l JOIN participants p ON p.id = l.participant WHERE l.kind = 'main'"
        f" AND p.batch = ? AND (l.position < p.position OR p.stage IN ({holding})) GROUP BY l.trial",
        (batch,),
    )
    return {row[0]: row[1] for row in rows}


def _in_stages(trials: tuple[Trial, ...]) -> list[Trial]:
    return sorted(trials, key=lambda trial: ORDER.index(stage_of(trial.kind)))


def _counted(trial: Trial, study: ServedStudy) -> str:
    """Repeats, practice and attention checks fill no cell."""
    return study.truth[trial.name].cell if trial.kind == "main" else ""

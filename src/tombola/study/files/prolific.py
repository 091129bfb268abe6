"""Submissions of Prolific (its export of who took part, with demographics) joined to answers, pseudonymised.

Prolific holds no answers: it sends people to a study, by its server's external-link mode, and knows who came, when, and
with which completion code. Both sides meet in the participant's pseudonym, so both need the same salt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from tombola.errors import TombolaError, nearest
from tombola.study.answers import RAW_PARTICIPANT, answers_frame, read_texts, validate
from tombola.study.files.pseudonyms import pseudonym

NAMES: Final = {
    "Submission id": "submission",
    "Participant id": "participant",
    "Status": "status",
    "Started at": "started_at",
    "Completed at": "completed_at",
    "Time taken": "seconds",
    "Completion code": "completion_code",
}
"""Columns of the export -> columns here."""
NEEDED: Final = ("Participant id", "Status")
COUNTED: Final = ("APPROVED", "AWAITING REVIEW", "PARTIALLY APPROVED")
"""Statuses of submissions whose answers count."""
NOT_COUNTED: Final = ("RETURNED", "TIMED-OUT", "REJECTED", "ACTIVE", "RESERVED", "SCREENED OUT")


@dataclass(frozen=True, eq=False)
class Joined:
    """Answers with what Prolific knows about who gave them.

    Attributes
    ----------
    answers
        Those of submissions that count, in their order.
    participants
        One row per submission: `read_submissions`, and how many answers it has (``answers``).
    reported
        ``participant, answers, reason``: answers left out, and submissions without any.
    """

    answers: pd.DataFrame
    participants: pd.DataFrame
    reported: pd.DataFrame


def read_submissions(path: Path, salt: bytes, *, demographics: Sequence[str] = ()) -> pd.DataFrame:
    """Return an export of submissions without ids of people.

    Parameters
    ----------
    path
        The CSV file.
    salt
        The one under which the answers' participants are named.
    demographics
        Names of further columns to keep, such as ``Age``. All others are dropped: together they can name a person.

    Returns
    -------
    DataFrame
        ``submission, participant`` (pseudonyms), ``status, started_at, completed_at, seconds, completion_code``, and
        the demographics asked for. Revoked consent and other texts in place of a value stay texts.

    Raises
    ------
    TombolaError
        If a needed or asked-for column is missing, a status is unknown, or a time taken is no number.
    """
    table = read_texts(path)
    for name in (*NEEDED, *demographics):
        if name not in table.columns:
            raise TombolaError(f"{path} has no column '{name}'{nearest(name, map(str, table.columns))}")
    status = table.Status.str.upper().str.strip()
    unknown = status[~status.isin([*COUNTED, *NOT_COUNTED])]
    if len(unknown):
        raise TombolaError(f"{path}: unknown status '{unknown.iloc[0]}'; known are {', '.join(COUNTED + NOT_COUNTED)}")
    if table["Participant id"].isna().any():
        raise TombolaError(f"{path}: a submission has no participant")
    found = pd.DataFrame(
        {new: table[old] if old in table else pd.Series(pd.NA, table.index, "string") for old, new in NAMES.items()}
    )
    found["status"] = status
    found["participant"] = _named(table["Participant id"], salt, "participant")
    if "Submission id" in table:
        found["submission"] = _named(table["Submission id"], salt, "submission")
    try:
        found["seconds"] = pd.to_numeric(found.seconds).astype("Float64")
    except (ValueError, TypeError) as error:
        raise TombolaError(f"{path}: column 'Time taken' does not hold seconds: {error}") from None
    return pd.concat([found, table[list(demographics)]], axis=1)


def read_raw_answers(path: Path, salt: bytes) -> pd.DataFrame:
    """Return a tidy CSV of answers that names participants by Prolific's or MTurk's ids, with pseudonyms instead.

    Participants that have a pseudonym already keep it.
    """
    table = read_texts(path)
    if "participant" not in table:
        raise TombolaError(f"{path} is no frame of answers: it has no column 'participant'")
    raw = table.participant.str.fullmatch(RAW_PARTICIPANT).fillna(False).astype(bool)
    return answers_frame(table.assign(participant=table.participant.mask(raw, _named(table.participant, salt))))


def join_submissions(answers: pd.DataFrame, submissions: pd.DataFrame) -> Joined:
    """Return the answers of submissions that count, and account for every other.

    A participant with several submissions counts if any of them does.

    Parameters
    ----------
    answers
        The tidy frame.
    submissions
        From `read_submissions`, under the same salt.

    Raises
    ------
    TombolaError
        If nobody is in both: then the salts differ, or the files belong to different studies.
    """
    counts = validate(answers).participant.value_counts()
    known = set(submissions.participant)
    if len(answers) and not known & set(counts.index):
        raise TombolaError("no participant is in both files; the salt must be the one the answers were stored with")
    counted = set(submissions.participant[submissions.status.isin(COUNTED)])
    lines = []
    for name, count in counts.items():
        if name not in known:
            lines.append((name, int(count), "no submission on Prolific"))
        elif name not in counted:
            status = ", ".join(sorted(set(submissions.status[submissions.participant == name])))
            lines.append((name, int(count), f"submission {status.lower()}"))
    lines += [(name, 0, "no answer in the study") for name in sorted(counted - set(counts.index))]
    return Joined(
        answers[answers.participant.isin(counted)].reset_index(drop=True),
        submissions.assign(answers=submissions.participant.map(counts).fillna(0).astype("Int64")),
        pd.DataFrame(lines, columns=["participant", "answers", "reason"]),
    )


def _named(ids: pd.Series, salt: bytes, kind: str = "participant") -> pd.Series:
    return ids.map(lambda name: pseudonym(name, salt, kind), na_action="ignore").astype("string")

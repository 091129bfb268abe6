"""Batch results of MTurk (33 columns for pairs, 41 for recognition) as answers, without anybody's id.

Reference: explainability 9.2 to 9.4. Columns are read by name. What cannot be read as one answer is reported, never
repaired.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.answers import answers_frame, merge, read_texts, records
from tombola.study.design.material import GENUINE
from tombola.study.files.mturk_times import is_true, parse_money, parse_time
from tombola.study.files.pictures import Shown, resolve_picture
from tombola.study.files.pseudonyms import pseudonym
from tombola.study.trial import NEITHER

PAIRWISE: Final = "Answer.algorithms."
RECOGNITION: Final = "Answer.classes."
SIDES: Final[Mapping[str, str]] = {"alg1": "left", "alg2": "right", NEITHER: NEITHER}
NEEDED: Final = ("HITId", "WorkerId", "AssignmentStatus", "Input.image_url")
RATES: Final = ("LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate")
REPORTED: Final = ("batch", "row", "trial", "reason")
PAYMENTS: Final = ("batch", "answers", "reward_usd", "median_seconds", "usd_per_hour")

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Imported:
    """What files of a marketplace held.

    Attributes
    ----------
    answers
        The tidy frame (`tombola.study.answers`).
    reported
        Rows that are no answer: ``batch, row`` (1 is the first after the header), ``trial, reason``.
    payments
        ``batch, answers, reward_usd, median_seconds, usd_per_hour``: pay per hour from measured working times.
    rates
        Approval rates by answer, if they were asked for; else empty.
    """

    answers: pd.DataFrame
    reported: pd.DataFrame
    payments: pd.DataFrame
    rates: pd.DataFrame


def read_batches(
    paths: Sequence[Path],
    salt: bytes,
    *,
    columns: Mapping[str, str] | None = None,
    key: Mapping[str, Shown] | None = None,
    rejected: bool = False,
    rates: bool = False,
) -> Imported:
    """Return the answers in one or more files of batch results.

    Parameters
    ----------
    paths
        Files as MTurk offers them for download.
    salt
        For pseudonyms of workers and HITs (`read_salt`); ids of assignments are dropped.
    columns
        What other names of answer columns start with -> what they stand for, such as
        ``{"Answer.choice.": "Answer.algorithms."}``; a whole name is a start as well.
    key
        What blinded pictures show (`read_key`); not needed for names of the published study.
    rejected
        Whether to keep assignments that the requester rejected.
    rates
        Whether to keep workers' approval rates, which can help to recognise a person.

    Returns
    -------
    Imported
        Answers keep the batch they came from: ``BatchId`` where the file says it, else the file's name.

    Raises
    ------
    TombolaError
        If a file is no batch result, a picture, condition or time zone is unknown, or a batch comes twice.
    """
    frames, reported, pay, known = [], [], [], []
    for path in paths:
        table = _table(path, columns or {})
        seen: Counter[str] = Counter()
        rows: list[dict[str, Any]] = []
        for number, row in enumerate(records(table), start=1):
            batch = _batch(row, path)
            trial = pseudonym(row["HITId"] or "", salt, "trial")
            seen[row.get("AssignmentId") or f"row {number}"] += 1
            reason = _objection(row, seen, rejected)
            if reason:
                reported.append((batch, number, trial, reason))
                continue
            try:
                answer = _answer(row, key)
            except TombolaError as error:
                raise TombolaError(f"{path.name}, row {number}: {error}") from None
            worker = pseudonym(row["WorkerId"], salt)
            rows.append({"batch": batch, "participant": worker, "trial": trial, **answer})
            pay.append((batch, row.get("Reward"), answer["seconds"]))
            known.append((batch, worker, trial, *(row.get(name) for name in RATES)))
        frames.append(answers_frame(rows))
    return Imported(
        merge(frames),
        pd.DataFrame(reported, columns=list(REPORTED)),
        _payments(pay),
        pd.DataFrame(known if rates else [], columns=["batch", "participant", "trial", *RATES]),
    )


def _table(path: Path, renamed: Mapping[str, str]) -> pd.DataFrame:
    table = read_texts(path)
    starts = sorted(renamed, key=len, reverse=True)
    names = {}
    for name in map(str, table.columns):
        start = next((start for start in starts if name.startswith(start)), None)
        names[name] = name if start is None else renamed[start] + name.removeprefix(start)
    table = table.rename(columns=names)
    for name in NEEDED:
        if name not in table.columns:
            raise TombolaError(f"{path} is no batch result of MTurk: it has no column '{name}'")
    if not table.columns.is_unique:
        raise TombolaError(f"{path}: two columns have the same name, perhaps by the mapping of answer columns")
    if not any(str(name).startswith((PAIRWISE, RECOGNITION)) for name in table.columns):
        found = [str(name) for name in table.columns if str(name).startswith("Answer.")]
        raise TombolaError(
            f"{path} has no columns '{PAIRWISE}…' or '{RECOGNITION}…' but {', '.join(found) or 'no answers at all'}; "
            f"say what they stand for, such as --columns '{found[0] if found else 'Answer.x.'}={PAIRWISE}alg1'"
        )
    return table


def _batch(row: Row, path: Path) -> str:
    found = re.search(r"BatchId:(\w+)", row.get("RequesterAnnotation") or "")
    return found.group(1) if found else path.stem


def _objection(row: Row, seen: Counter[str], rejected: bool) -> str | None:
    """Return why a row is no answer; None if it is one."""
    if row["AssignmentStatus"] == "Rejected" and not rejected:
        return "rejected by the requester"
    if not row["WorkerId"] or not row["HITId"]:
        return "no worker or no HIT"
    if row.get("AssignmentId") and seen[row["AssignmentId"]] > 1:
        return "the same assignment as a row before"
    try:
        chosen = _chosen(row)
    except TombolaError as error:
        return str(error)
    return None if len(chosen) == 1 else f"{len(chosen)} answers are true, exactly one is needed"


def _chosen(row: Row) -> list[str]:
    return [name for name in row if name.startswith((PAIRWISE, RECOGNITION)) and is_true(row[name])]


def _answer(row: Row, key: Mapping[str, Shown] | None) -> dict[str, Any]:
    shown, column = resolve_picture(row["Input.image_url"] or "", key), _chosen(row)[0]
    found: dict[str, Any] = {"task": shown.task, "kind": shown.kind}
    found |= {"image": shown.image, "image_class": shown.image_class}
    if column.startswith(PAIRWISE) != (shown.task == "pairwise"):
        raise TombolaError(f"column '{column}' does not fit picture '{row['Input.image_url']}' of task {shown.task}")
    if shown.task == "pairwise":
        side = SIDES.get(column.removeprefix(PAIRWISE))
        if side is None:
            raise TombolaError(f"column '{column}' is neither alg1, alg2 nor none")
        answer = {"left": shown.left, "right": shown.right}.get(side, NEITHER)
        found |= {"left": shown.left, "right": shown.right, "side": side, "answer": answer}
        if shown.kind == "gold":
            found["correct"] = answer == GENUINE
    else:
        answer = re.sub(r"^\d+-", "", column.removeprefix(RECOGNITION))
        found |= {"condition": shown.condition, "answer": answer, "correct": answer == shown.image_class}
    found["seconds"] = float(row["WorkTimeInSeconds"]) if row.get("WorkTimeInSeconds") else None
    found["at"] = parse_time(row["SubmitTime"]) if row.get("SubmitTime") else None
    return found


def _payments(rows: Sequence[tuple[str, str | None, float | None]]) -> pd.DataFrame:
    table = pd.DataFrame(
        [(batch, parse_money(reward), seconds) for batch, reward, seconds in rows if reward],
        columns=["batch", "reward_usd", "seconds"],
    ).astype({"seconds": "float64"})
    found = table.groupby(["batch", "reward_usd"], as_index=False).seconds.agg(["size", "median"])
    found = found.rename(columns={"size": "answers", "median": "median_seconds"})
    found["usd_per_hour"] = 3600 * found.reward_usd / found.median_seconds
    return found[list(PAYMENTS)]

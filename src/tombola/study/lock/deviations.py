"""Deviations from the locked plan: a log that only grows. Each line holds the digest of the line before."""

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import NamedTuple

from tombola.errors import TombolaError
from tombola.store.files import told_clearly
from tombola.study.design.folder import DEVIATIONS, Study


class Deviation(NamedTuple):
    """One deviation: when it was logged, and why the plan was left."""

    at: str
    reason: str


def add_deviation(study: Study, reason: str) -> Deviation:
    """Append a deviation to the log of a locked study.

    Raises
    ------
    TombolaError
        If the study is not locked (then there is nothing to deviate from), the reason is empty, or the log was edited.
    """
    if not study.lock_file.is_file():
        raise TombolaError(
            f"{study.path} is not locked, so nothing deviates from a plan; edit preregistration.yaml instead"
        )
    if not reason.strip():
        raise TombolaError("deviation: say in a sentence what is done otherwise, and why")
    _, intact = read_deviations(study)
    if not intact:
        raise TombolaError(f"{study.path / DEVIATIONS} was edited; restore it before adding to it")
    file = study.path / DEVIATIONS
    lines = _lines(study)
    # the first line holds the lock's own digest, so that a log belongs to one lock
    before = lines[-1] if lines else study.lock_file.read_text(encoding="utf-8")
    deviation = Deviation(datetime.now(UTC).isoformat(timespec="seconds"), reason.strip())
    line = json.dumps({"at": deviation.at, "reason": deviation.reason, "before": _sha(before)}, ensure_ascii=False)
    with told_clearly(file):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, f"{line}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    return deviation


def read_deviations(study: Study) -> tuple[tuple[Deviation, ...], bool]:
    """Return the deviations in order, and whether the log is as it was written: nothing edited, removed or inserted.

    Lines removed from the end cannot be told from lines that were never there.
    """
    lines = _lines(study)
    before = study.lock_file.read_text(encoding="utf-8") if study.lock_file.is_file() else ""
    found, intact = [], True
    for line in lines:
        try:
            content = json.loads(line)
            found.append(Deviation(str(content["at"]), str(content["reason"])))
            intact = intact and content["before"] == _sha(before)
        except (ValueError, KeyError, TypeError):
            intact = False
        before = line
    return tuple(found), intact


def _lines(study: Study) -> list[str]:
    file = study.path / DEVIATIONS
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

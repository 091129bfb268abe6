"""The lock: written once, before the first answer. Confirmatory analysis asks it. Reference: explainability 12.3."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import tombola
from tombola.errors import TombolaError
from tombola.store.files import read_json, sync, told_clearly
from tombola.study.design.folder import Study
from tombola.study.lock.deviations import Deviation, read_deviations
from tombola.study.lock.parts import digest, locked_parts

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("hypotheses", "exclusions", "stopping_rule", "analysis_plan")
"""What a preregistration cannot leave open."""


@dataclass(frozen=True)
class LockStatus:
    """What the lock says of an analysis.

    Attributes
    ----------
    locked
        Whether there is a lock at all.
    problems
        One sentence for each reason why the analysis is not confirmatory; empty where it is.
    digest, at
        SHA-256 and time of the lock; empty where there is none.
    deviations
        Logged since, in order; shown in every report.
    """

    locked: bool
    problems: tuple[str, ...]
    digest: str = ""
    at: str = ""
    deviations: tuple[Deviation, ...] = ()

    @property
    def confirmatory(self) -> bool:
        """Whether declared tests count as confirmatory; otherwise everything is exploratory."""
        return self.locked and not self.problems

    def demand(self) -> None:
        """Refuse confirmatory analysis where it is none.

        Raises
        ------
        TombolaError
            With the first reason.
        """
        if not self.confirmatory:
            raise TombolaError(f"confirmatory analysis is refused: {self.problems[0]}; run it as exploratory")


def write_lock(study: Study) -> LockStatus:
    """Fix everything that `locked_parts` names, once.

    Raises
    ------
    TombolaError
        If the study is locked already, or its preregistration leaves open what it must not.
    """
    if study.lock_file.exists():
        raise TombolaError(f"{study.path} is locked already, and is locked once; log what changes with --deviation")
    parts = locked_parts(study)
    for name in NEEDED:
        if not parts[name]:
            raise TombolaError(f"preregistration.yaml leaves {name} open; fill it in before the lock")
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = {"version": 1, "digest": digest(parts), "at": at, "tombola": tombola.__version__, "parts": parts}
    with told_clearly(study.lock_file):
        try:
            handle = os.open(study.lock_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        except FileExistsError:
            raise TombolaError(f"{study.path} is locked already, by somebody at the same time") from None
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, sort_keys=True, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        sync(study.path)
    return check_lock(study)


def check_lock(study: Study, answers: "pd.DataFrame | None" = None) -> LockStatus:
    """Return whether an analysis of some answers is confirmatory, and if not, every reason.

    Parameters
    ----------
    study
        The study.
    answers
        The answers to be analysed, as `tombola.study.answers` has them; None to ask about the plan alone. Answers of a
        pilot batch predate the lock and must be left out by the caller (``answers[answers.batch == ...]``).

    Raises
    ------
    TombolaError
        If a file of the study cannot be read.
    """
    if not study.lock_file.is_file():
        return LockStatus(False, ("the study is not locked",), deviations=read_deviations(study)[0])
    content = read_json(study.lock_file)
    problems: list[str] = []
    try:
        stored, at, parts = content["digest"], content["at"], content["parts"]
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not isinstance(parts, dict):
            raise ValueError(at)
    except (KeyError, TypeError, ValueError):
        return LockStatus(True, ("lock.json is damaged",))
    if digest(parts) != stored:
        problems.append("lock.json was edited: its content does not have its digest")
    problems += _changes(parts, locked_parts(study))
    if answers is not None:
        problems += _early(answers, moment)
    deviations, intact = read_deviations(study)
    if not intact:
        problems.append("deviations.jsonl was edited")
    return LockStatus(True, tuple(problems), stored, at, deviations)


def _changes(locked: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [
        f"{name.replace('_', ' ')} changed since the lock"
        for name in sorted({*locked, *now})
        if name not in locked or name not in now or digest(locked[name]) != digest(now[name])
    ]


def _early(answers: "pd.DataFrame", moment: datetime) -> list[str]:
    """Tell answers that came before the lock, or that do not say when they came."""
    problems = []
    untimed = int(answers["at"].isna().sum())
    if untimed:
        problems.append(f"{untimed} answers have no time, so nothing shows that they came after the lock")
    early = 0
    for text in answers["at"].dropna().unique():
        try:
            given = datetime.fromisoformat(str(text))
        except ValueError as error:
            raise TombolaError(f"at = '{text}' is no ISO time; the answers were not written by Tombola") from error
        # a time without zone may be any zone's: as early as it can be
        if given.tzinfo is None or given < moment:
            early += int((answers["at"] == text).sum())
    if early:
        problems.append(f"{early} answers came before the lock, or do not say in which time zone")
    return problems

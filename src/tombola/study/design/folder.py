"""The study folder, and a study opened for reading.

::

    study.yaml            what the study is
    public/<32 hex>.png   the only files ever served
    key/                  never served, readable by its owner only
        trials.jsonl      every trial with its truth
        blocks.jsonl      the planned participants: names of their trials
        manifest.csv      what every public picture shows
        salt              the secret that names are made with
    texts/*.md            what participants read, versioned, for editing
    preregistration.yaml  hypotheses, exclusions, plan: edited until the lock
    lock.json, deviations.jsonl, answers.sqlite, export/
"""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from tombola.errors import TombolaError
from tombola.study.design.naming import Names
from tombola.study.design.spec import SPEC_FILE, StudySpec, read_study_spec
from tombola.study.design.truth import Truth, from_plain
from tombola.study.texts import Text, read_quiz, read_texts
from tombola.study.trial import Option, Trial

PUBLIC, KEY, TEXTS, EXPORT = "public", "key", "texts", "export"
TRIALS, BLOCKS, MANIFEST, SALT = "trials.jsonl", "blocks.jsonl", "manifest.csv", "salt"
LOCK, DEVIATIONS, ANSWERS = "lock.json", "deviations.jsonl", "answers.sqlite"


class Study:
    """A study folder, opened. Reads each file when first asked for; nothing here writes.

    Attributes
    ----------
    path
        The folder.
    spec
        What the study is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec: StudySpec = read_study_spec(path / SPEC_FILE)

    @property
    def public_folder(self) -> Path:
        """Where the pictures lie: the only files ever served."""
        return self.path / PUBLIC

    @property
    def key_folder(self) -> Path:
        """What must never be served."""
        return self.path / KEY

    @property
    def manifest_file(self) -> Path:
        """The manifest, part of the key."""
        return self.path / KEY / MANIFEST

    @property
    def lock_file(self) -> Path:
        """The preregistration, once it is locked."""
        return self.path / LOCK

    @property
    def answers_file(self) -> Path:
        """The answers, once there are any."""
        return self.path / ANSWERS

    @cached_property
    def trials(self) -> Mapping[str, Trial]:
        """Every trial by name: main, gold and practice as stored, quiz questions as their text has them.

        A repeat is a main trial that `tombola.study.assignment.assign` returns with kind ``repeat``.
        """
        return {name: trial for name, (trial, _) in self._key.items()}

    @cached_property
    def truth(self) -> Mapping[str, Truth]:
        """The key of every trial, by its name."""
        return {name: truth for name, (_, truth) in self._key.items()}

    @cached_property
    def cells(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """Cell -> its two variants, each the names of its trials in order (two in forward simulation, else one).

        Main cells only: those that raters are counted for.
        """
        found: dict[str, list[list[str]]] = {}
        for name, (trial, truth) in self._key.items():
            if trial.kind != "main":
                continue
            variants = found.setdefault(truth.cell, [])
            if truth.phase == "after":
                variants[-1].append(name)
            else:
                variants.append([name])
        return {cell: tuple(tuple(names) for names in variants) for cell, variants in found.items()}

    @cached_property
    def blocks(self) -> tuple[tuple[str, ...], ...]:
        """Planned participants in order of arrival: the names of their main trials."""
        return tuple(tuple(json.loads(line)) for line in self._lines(BLOCKS))

    @property
    def texts(self) -> Mapping[str, Text]:
        """What participants read, by name; read afresh, for texts may be edited until the lock."""
        return read_texts(self.path / TEXTS)

    @cached_property
    def _key(self) -> dict[str, tuple[Trial, Truth]]:
        stored = [from_plain(json.loads(line)) for line in self._lines(TRIALS)]
        return {trial.name: (trial, truth) for trial, truth in [*stored, *self._quiz()]}

    def _quiz(self) -> list[tuple[Trial, Truth]]:
        names = Names(bytes.fromhex(self._lines(SALT)[0]))
        questions = []
        for number, question in enumerate(read_quiz(self.texts["quiz"])):
            options = tuple(Option(str(i), answer) for i, answer in enumerate(question.answers, start=1))
            name = names.name("quiz", number, question.question)
            trial = Trial(name, self.spec.task, "quiz", (), question.question, options)
            truth = Truth(name, f"quiz/{number}", correct=(str(question.correct + 1),), feedback=question.feedback)
            questions.append((trial, truth))
        return questions

    def _lines(self, file: str) -> list[str]:
        try:
            return (self.key_folder / file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TombolaError(
                f"cannot read {self.key_folder / file}: {error}; the study's key is incomplete or not yours to read"
            ) from error

    def __repr__(self) -> str:
        return f"<Study {self.path.name}: {self.spec.task}, {len(self.cells)} cells x {self.spec.raters} raters>"


def open_study(path: str | Path) -> Study:
    """Open a study folder for reading.

    Parameters
    ----------
    path
        The folder, as `tombola study design` prints it.

    Raises
    ------
    TombolaError
        If the folder holds no study, or one of another version.
    """
    return Study(Path(path))

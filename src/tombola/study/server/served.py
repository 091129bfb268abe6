"""What the server needs to know of a study: a small interface, so that it can serve any that offers it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tombola.study.trial import Trial


class Wording(Protocol):
    """One text of a study."""

    @property
    def version(self) -> str:
        """Stored with every participant who agreed to it."""

    @property
    def title(self) -> str:
        """Heading of its page."""

    @property
    def body(self) -> str:
        """Markdown."""


class Key(Protocol):
    """What the server needs of the key of a trial: to count raters, and to give feedback on practice and quiz."""

    @property
    def cell(self) -> str:
        """What raters are counted for."""

    @property
    def correct(self) -> tuple[str, ...]:
        """The answers that are right, if any is."""

    @property
    def feedback(self) -> str:
        """What is said after the answer."""


class ServedStudy(Protocol):
    """A study as the server sees it."""

    @property
    def folder(self) -> Path:
        """Where ``answers.sqlite`` is kept."""

    @property
    def public_folder(self) -> Path:
        """The pictures, and the only files ever served."""

    @property
    def title(self) -> str:
        """Its name for participants."""

    @property
    def salt(self) -> bytes:
        """What pseudonyms are made with."""

    @property
    def demographics(self) -> bool:
        """Whether a few coarse, optional questions are asked at the end."""

    @property
    def slot_minutes(self) -> float:
        """How long a silent participant keeps places that are not answered."""

    @property
    def texts(self) -> Mapping[str, Wording]:
        """Texts by name: ``consent``, ``instructions``, ``practice``, ``quiz``, ``debrief``."""

    @property
    def trials(self) -> Mapping[str, Trial]:
        """Every trial by its opaque name."""

    @property
    def truth(self) -> Mapping[str, Key]:
        """The key of every trial, by the same name."""

    def plan(self, arrival: int, taken: Mapping[str, int]) -> tuple[Trial, ...]:
        """Return what the participant who arrives as number `arrival` (from 0) meets, practice and quiz first.

        Parameters
        ----------
        arrival
            Number of participants who consented before.
        taken
            Name of a main trial -> how many participants have answered it or hold it.

        Returns
        -------
        plan
            Empty when every place is taken.
        """

"""What one participant meets at one moment: pictures, a question, and the answers to choose from."""

from dataclasses import dataclass
from typing import Literal

Task = Literal["pairwise", "recognition", "agreement", "distinction", "forward-simulation"]
Kind = Literal["main", "gold", "repeat", "practice", "quiz"]

TASKS: tuple[Task, ...] = ("pairwise", "recognition", "agreement", "distinction", "forward-simulation")
NEITHER = "none"
"""The answer of somebody who is for neither side, or does not know: a value, never a missing one."""


@dataclass(frozen=True)
class Picture:
    """One picture of a trial.

    Attributes
    ----------
    name
        Public name: a random 128-bit id in hex. Nothing about the picture can be told from it.
    role
        What the page says it is: ``original``, ``left``, ``right``, ``window``, ``map`` or ``candidate``.
    """

    name: str
    role: str


@dataclass(frozen=True)
class Option:
    """One answer to choose from.

    Attributes
    ----------
    value
        What is stored: a side (``left``, ``right``), a class name, a point of a scale, a candidate's number, ``none``.
    text
        What the participant reads.
    """

    value: str
    text: str


@dataclass(frozen=True)
class Trial:
    """One question to one participant. Nothing in it tells a condition, or an answer that must be found.

    Attributes
    ----------
    name
        Opaque id of the trial, the same for everybody who meets it with the same pictures in the same places.
    task, kind
        What is asked, and what for. Participants are not told the kind of main, gold and repeat trials.
    pictures
        In the order in which they are shown; pairwise: left, original, right.
    heading
        Text above the pictures, such as the class that both models predict; empty where it would give the answer away.
    options
        In the order in which they are shown.
    confidence
        Whether a confidence of four points is asked for with a decisive answer.
    """

    name: str
    task: Task
    kind: Kind
    pictures: tuple[Picture, ...]
    heading: str
    options: tuple[Option, ...]
    confidence: bool = False

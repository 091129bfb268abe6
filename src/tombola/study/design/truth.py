"""What the key knows about a trial and no participant may learn: image, class, conditions, the right answer."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from tombola.study.trial import Option, Picture, Trial

Phase = Literal["", "before", "after"]


@dataclass(frozen=True)
class Truth:
    """The key of one trial.

    Attributes
    ----------
    trial
        Name of the trial.
    cell
        Image and pair or image and condition: what raters are counted for. The two trials of a cell differ in sides,
        or show the same under other names; a repeat is the other trial of a cell that was met.
    image, image_class
        The image (a whole number from 1) and its true class; 0 and "" for quiz questions.
    left, right
        Conditions shown left and right (pairwise only).
    condition
        The condition shown (other tasks).
    predicted
        What the model of that condition says; in pairwise what both say.
    correct
        The option values that are right; empty where nothing is right or wrong (pairwise main trials).
    candidates
        Distinction: the classes whose explanations are shown, in the order shown.
    phase
        Forward simulation: whether the explanation is not yet or already shown.
    feedback
        Practice and quiz: what is said after the answer.
    """

    trial: str
    cell: str
    image: int = 0
    image_class: str = ""
    left: str = ""
    right: str = ""
    condition: str = ""
    predicted: str = ""
    correct: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    phase: Phase = ""
    feedback: str = ""

    def judge(self, answer: str) -> bool | None:
        """Return whether an answer is right; None where nothing is right or wrong."""
        return answer in self.correct if self.correct else None

    def winner(self, answer: str) -> str:
        """Return the condition that a pairwise answer (``left``, ``right``) is for; else the answer itself."""
        return {"left": self.left, "right": self.right}.get(answer, answer) if self.left else answer


def to_plain(trial: Trial, truth: Truth) -> dict[str, Any]:
    """Return a trial and its key as plain data, one line of ``key/trials.jsonl``."""
    return {"trial": asdict(trial), "truth": asdict(truth)}


def from_plain(content: dict[str, Any]) -> tuple[Trial, Truth]:
    """Return the trial and its key that a line of ``key/trials.jsonl`` holds."""
    trial, truth = dict(content["trial"]), dict(content["truth"])
    trial["pictures"] = tuple(Picture(**picture) for picture in trial["pictures"])
    trial["options"] = tuple(Option(**option) for option in trial["options"])
    for field in fields(Truth):
        if isinstance(truth.get(field.name), list):
            truth[field.name] = tuple(truth[field.name])
    return Trial(**trial), Truth(**truth)

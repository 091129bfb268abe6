"""The way through a study: which stage follows which, and which page belongs to it."""

from collections.abc import Collection
from typing import Literal

Stage = Literal[
    "consent", "instructions", "practice", "quiz", "trials", "demographics", "debrief", "done",
    "declined", "failed", "full", "expired", "withdrawn",
]  # fmt: skip

ORDER: tuple[Stage, ...] = (
    "consent",
    "instructions",
    "practice",
    "quiz",
    "trials",
    "demographics",
    "debrief",
    "done",
)
ENDS: tuple[Stage, ...] = ("done", "declined", "failed", "full", "expired", "withdrawn")
"""Stages nobody goes on from; all but the first are without a completion code."""
HOLDING: tuple[Stage, ...] = ("instructions", "practice", "quiz", "trials")
"""Stages in which unanswered trials of the plan are held for a participant."""

PAGES: dict[Stage, str] = {
    "consent": "/consent",
    "instructions": "/instructions",
    "practice": "/practice",
    "quiz": "/quiz",
    "trials": "/trial",
    "demographics": "/about-you",
    "debrief": "/debrief",
    "done": "/finished",
}

STAGE_OF_KIND: dict[str, Stage] = {"practice": "practice", "quiz": "quiz"}
"""Where trials of a kind are met; all others are met in stage ``trials``."""


def stage_of(kind: str) -> Stage:
    """Return the stage in which a kind of trial is met."""
    return STAGE_OF_KIND.get(kind, "trials")


def after(stage: Stage, kinds: Collection[str], *, demographics: bool) -> Stage:
    """Return the stage that follows, leaving out those without anything to do.

    Parameters
    ----------
    stage
        The stage that is finished.
    kinds
        Kinds of trials in the participant's plan.
    demographics
        Whether the questions about the participant are asked.
    """
    stages = {stage_of(kind) for kind in kinds}
    for following in ORDER[ORDER.index(stage) + 1 :]:
        if following in ("practice", "quiz", "trials") and following not in stages:
            continue
        if following == "demographics" and not demographics:
            continue
        return following
    return "done"


def page_of(stage: Stage, position: int) -> str:
    """Return the address of the page on which a participant is."""
    if stage in ("practice", "trials"):
        return f"{PAGES[stage]}/{position}"
    return PAGES.get(stage, "/ended")

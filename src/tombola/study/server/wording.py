"""What the trial page says around pictures, by role and task: nothing in it tells a condition."""

from dataclasses import dataclass

from tombola.study.trial import Task, Trial

QUESTIONS: dict[Task, str] = {
    "pairwise": "Which algorithm decides more reasonably?",
    "recognition": "What do you see?",
    "agreement": "Is the answer of the algorithm right?",
    "distinction": "Which explanation belongs to the answer that the algorithm gave?",
    "forward-simulation": "What does the algorithm say this is?",
}
ASKED_BY_HEADING: tuple[Task, ...] = ("distinction", "forward-simulation")
"""Tasks whose heading is the question itself."""
CONFIDENCE = ((1, "not sure"), (2, "somewhat sure"), (3, "quite sure"), (4, "very sure"))
CAPTIONS = {
    "original": "Original picture",
    "left": "Algorithm 1",
    "right": "Algorithm 2",
    "window": "Parts of a picture",
    "map": "Explanation",
}
ALTERNATIVES = {
    "original": "The original picture",
    "left": "What algorithm 1, on the left, used of the picture",
    "right": "What algorithm 2, on the right, used of the picture",
    "window": "Parts of a picture on a plain ground",
    "map": "What the algorithm used of the picture",
}


@dataclass(frozen=True)
class Shown:
    """One picture on the page: address, caption and alternative text."""

    address: str
    role: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class Layout:
    """What stands around the answers of a trial."""

    heading: str
    question: str
    pictures: tuple[Shown, ...]
    confidence: tuple[tuple[int, str], ...]


def layout(trial: Trial) -> Layout:
    """Return the wording of a trial's page."""
    shown = []
    candidates = 0
    for picture in trial.pictures:
        caption, alternative = CAPTIONS.get(picture.role, ""), ALTERNATIVES.get(picture.role, "A picture")
        if picture.role == "candidate":
            candidates += 1
            caption, alternative = f"Explanation {candidates}", f"Explanation {candidates}: parts of the picture"
        shown.append(Shown(f"/picture/{picture.name}.png", picture.role, caption, alternative))
    asked = trial.heading if trial.heading and trial.task in ASKED_BY_HEADING else ""
    return Layout(
        "" if asked else trial.heading,
        asked or QUESTIONS[trial.task],
        tuple(shown),
        CONFIDENCE if trial.confidence else (),
    )

"""What a study will take: cells, answers, people, minutes."""

from dataclasses import dataclass

from tombola.study.assignment.order import extra_cells
from tombola.study.assignment.plan import participants_needed
from tombola.study.design.folder import Study

FRAME_SECONDS = 150.0
"""Reading consent and instructions, and leaving: not measured, a guess for the announced length."""


@dataclass(frozen=True)
class Effort:
    """What a study takes if nobody drops out.

    Attributes
    ----------
    images, cells
        Main images, and image x pair or image x condition.
    answers
        Wanted to main questions.
    participants
        Who give them.
    questions
        The longest list of questions anybody meets, with practice, quiz, checks and repeats.
    minutes
        What that takes at the expected time per question, with consent and instructions.
    pictures
        Public files, and their common length in bytes.
    bytes_each
        Their common length.
    """

    images: int
    cells: int
    answers: int
    participants: int
    questions: int
    minutes: float
    pictures: int
    bytes_each: int


def effort(study: Study) -> Effort:
    """Return what a study takes."""
    spec = study.spec
    per_unit = 2 if spec.task == "forward-simulation" else 1
    images = len({study.truth[variants[0][0]].image for variants in study.cells.values()})
    longest = max(len(block) for block in study.blocks) // per_unit
    checks = min(spec.gold, len(extra_cells(study, "gold")))
    practice = min(spec.practice, len(extra_cells(study, "practice")))
    repeats = min(spec.repeats, max(1, longest // 2) if longest > 1 else 0)
    quiz = sum(trial.kind == "quiz" for trial in study.trials.values())
    questions = per_unit * (longest + checks + practice + repeats) + quiz
    return Effort(
        images=images,
        cells=len(study.cells),
        answers=len(study.cells) * spec.raters * per_unit,
        participants=participants_needed(images, len(spec.cells_per_image), spec.raters, spec.cap),
        questions=questions,
        minutes=(questions * spec.seconds_per_trial + FRAME_SECONDS) / 60,
        pictures=sum(len(trial.pictures) for trial in study.trials.values()),
        bytes_each=spec.stimuli.common_bytes,
    )

"""A study answered in memory: assignment and answers as in the real thing, without server or pages."""

from collections import Counter
from typing import Any

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.answers import answers_frame
from tombola.study.assignment import assign
from tombola.study.design.folder import Study
from tombola.study.design.truth import Truth
from tombola.study.simulated.crowd import Crowd
from tombola.study.simulated.participant import Participant, Reply
from tombola.study.trial import Trial

BATCH = "simulated"


def answer_in_memory(study: Study, crowd: Crowd, participants: int = 0, *, dropout: float = 0.0) -> pd.DataFrame:
    """Return the answers of simulated participants as the tidy frame, like `export_answers`.

    Parameters
    ----------
    study
        The study.
    crowd
        What participants are like.
    participants
        How many arrive, one after the other, until the study is full; 0: as many as it takes.
    dropout
        Share of participants who leave midway; what they did not answer returns to the pool.

    Raises
    ------
    TombolaError
        If the crowd speaks of pairs or conditions that the study does not have, or a number is out of range.

    Examples
    --------
    >>> import tempfile
    >>> from tombola.study.design import synthetic_study
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     none = {"gold": 0, "repeats": 0, "practice": 0}
    ...     study = synthetic_study(f"{folder}/s", classes=3, images_per_class=1, raters=1, **none)
    ...     len(answer_in_memory(study, Crowd()))
    9
    """
    crowd.check(study.spec)
    if participants < 0 or not 0 <= dropout < 1:
        raise TombolaError(f"participants = {participants}, dropout = {dropout}: at least 0, and from 0 to below 1")
    taken: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    arrival = 0
    while not participants or arrival < participants:
        trials = [trial for trial in assign(study, arrival, taken) if trial.kind != "quiz"]
        if not trials and arrival >= len(study.blocks):
            break
        who = Participant(crowd, arrival)
        left = who.leaves(dropout, len(trials))
        for trial in trials if left is None else trials[:left]:
            truth = study.truth[trial.name]
            rows.append(row_of(trial, truth, who.answer(trial, truth), f"s{arrival:05d}"))
            if trial.kind == "main":
                taken[trial.name] += 1
        arrival += 1
    return answers_frame(rows)


def row_of(trial: Trial, truth: Truth, reply: Reply, participant: str, batch: str = BATCH) -> dict[str, Any]:
    """Return one answer as a row of the tidy frame; there is no time of day, for nobody answered at any."""
    pairwise = trial.task == "pairwise"
    return {
        "batch": batch,
        "participant": participant,
        "task": trial.task,
        "kind": trial.kind,
        "trial": trial.name,
        "image": truth.image or None,
        "image_class": truth.image_class or None,
        "left": (truth.left or None) if pairwise else None,
        "right": (truth.right or None) if pairwise else None,
        "condition": None if pairwise else truth.condition or None,
        "answer": truth.winner(reply.choice),
        "side": reply.choice if pairwise else None,
        "correct": truth.judge(reply.choice),
        "confidence": reply.confidence,
        "seconds": reply.seconds,
        "focus_losses": reply.focus_losses,
        "options_order": "|".join(option.value for option in trial.options),
        "phase": truth.phase or None,
    }

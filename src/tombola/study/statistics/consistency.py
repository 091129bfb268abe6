"""Agreement, attention checks and repeats as tables. Reference: explainability 11.9."""

from typing import Final

import pandas as pd

from tombola.study.answers import of_task
from tombola.study.statistics.agreement import alpha, gold_accuracy, retest_agreement, unit_counts
from tombola.study.statistics.bootstrap import DRAWS, SEED
from tombola.study.statistics.clustered import clustered_share
from tombola.study.statistics.votes import PairsGiven, codes, of_pair, pairs_of
from tombola.study.trial import TASKS

ALPHAS: Final = ("task", "what", "alpha", "low", "high", "units", "answers")
CHECKS: Final = ("check", "answers", "participants", "share", "se", "low", "high", "kappa")


def agreement_tables(
    answers: pd.DataFrame, *, pairs: PairsGiven = None, draws: int = DRAWS, seed: int = SEED
) -> dict[str, pd.DataFrame]:
    """Return ``agreement`` (alpha by task, and by pair), ``checks`` (gold, repeats) and ``gold`` (by participant).

    Pairs have an alpha each: over several pairs the answers possible differ from picture to picture, and telling pairs
    apart would count as agreement. The first answer of a participant to a picture counts.
    """
    rows = []
    for task in TASKS:
        mine = of_task(answers, task)
        parts = (
            [(task, mine)] if task != "pairwise" else [(p.label, of_pair(answers, p)) for p in pairs_of(mine, pairs)]
        )
        for what, part in parts:
            if len(part):
                found = alpha(unit_counts(part), draws=draws, seed=seed)
                rows.append(
                    (task, what, found.value, found.interval.low, found.interval.high, found.units, found.answers)
                )
    gold = gold_accuracy(answers)
    return {
        "agreement": pd.DataFrame(rows, columns=list(ALPHAS)),
        "checks": pd.DataFrame(_checks(answers), columns=list(CHECKS)),
        "gold": gold,
    }


def _checks(answers: pd.DataFrame) -> list[tuple[object, ...]]:
    gold = answers[(answers.kind == "gold") & answers.correct.notna()]
    rows: list[tuple[object, ...]] = []
    if len(gold):
        y = gold.correct.astype(bool).to_numpy()
        found = clustered_share(y, codes(gold.participant), codes(gold.image))
        people = gold.participant.nunique()
        rows.append(("gold", found.n, people, found.value, found.se, found.low, found.high, float("nan")))
    again = answers[answers.kind == "repeat"]
    if len(again):
        found, kappa = retest_agreement(answers)
        people = again.participant.nunique()
        rows.append(("repeat", found.n, people, found.value, found.se, found.low, found.high, kappa))
    return rows

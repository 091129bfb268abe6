"""Sentences that must stand beside an analysis, whoever reads it."""

from collections.abc import Mapping

import pandas as pd

from tombola.study.answers import of_task, records
from tombola.study.statistics.recognition import repeated_images

FALLBACK = (
    "Somewhere the two-way variance was not positive and the larger one-way variance stands in its place "
    "(column fallback)."
)


def notes_on(answers: pd.DataFrame, tables: Mapping[str, pd.DataFrame], locked: bool | None) -> list[str]:
    """Return what a reader must know: standing of the analysis, pooled batches, repeated images, ties, fallbacks."""
    found = [_standing(locked)]
    batches = list(answers.batch.unique())
    if len(batches) > 1:
        found.append(
            f"{len(batches)} batches are pooled here ({', '.join(batches)}); the sensitivity table has each by itself."
        )
    for task in answers.task.unique():
        again, total = repeated_images(answers, task), len(of_task(answers, task))
        if again:
            found.append(
                f"{again:,} of {total:,} answers to {task} trials are about an image that the participant had already "
                "met; the sensitivity table has the result without them."
            )
    foreseen = of_task(answers, "forward-simulation")
    if foreseen.phase.isna().any():
        found.append(
            f"{int(foreseen.phase.isna().sum()):,} answers do not say whether they came before or after the "
            "explanation; they are left out."
        )
    if "pairs" in tables:
        shares = ", ".join(f"{row['pair']} {100 * row['tie_share']:.1f} %" for row in records(tables["pairs"]))
        found.append(f"Shares are of decisive votes. Ties were: {shares}.")
    tied = tables.get("recognition_majority")
    if tied is not None and tied.tied.any():
        found.append(f"{tied.tied.sum()} pictures have no majority, because answers tie at the top; none is broken.")
    if any("fallback" in table and table.fallback.astype(bool).any() for table in tables.values()):
        found.append(FALLBACK)
    return found


def _standing(locked: bool | None) -> str:
    if locked is True:
        return "Preregistered: declared tests are confirmatory, everything else here is exploratory."
    why = "there is no preregistration lock" if locked is None else "the preregistration lock does not hold"
    return f"Exploratory: {why}, so no test here is confirmatory."

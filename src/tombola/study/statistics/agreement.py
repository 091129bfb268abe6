"""Do people agree with each other, with what is known, and with themselves? Reference: explainability 11.9."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from tombola.errors import TombolaError
from tombola.study.statistics.bootstrap import DRAWS, SEED, Percentiles, check_draws, percentiles, resamples
from tombola.study.statistics.clustered import Estimate, clustered_share
from tombola.study.statistics.votes import codes

Duplicates = Literal["first", "last", "all"]
DUPLICATES: Final[tuple[Duplicates, ...]] = ("first", "last", "all")
MISSING: Final = "Krippendorff's alpha needs the package krippendorff: pip install 'tombola[analysis]'"


@dataclass(frozen=True, eq=False)
class Alpha:
    """Krippendorff's alpha.

    Attributes
    ----------
    value
        Nominal alpha; NaN where fewer than two answers can be paired, or all answers are equal.
    interval
        Percentiles over resampled units.
    units, answers
        How many units have at least two answers, and how many answers these have.
    """

    value: float
    interval: Percentiles
    units: int
    answers: int


def alpha(counts: ArrayLike, *, draws: int = DRAWS, seed: int = SEED) -> Alpha:
    """Return nominal alpha of answers to units, with a bootstrap interval over units.

    Parameters
    ----------
    counts
        How many answers of each kind each unit got, ``(unit, kind)``; units with fewer than two count for nothing.
    draws, seed
        Of the bootstrap, at least 5,000.

    Raises
    ------
    TombolaError
        If the package `krippendorff` is not installed, or draws are too few.
    """
    check_draws("image", draws)
    table = _pairable(counts)
    drawn = np.concatenate([_alphas(weights, table) for weights in resamples(len(table), draws, seed, 3, len(table))])
    return Alpha(nominal_alpha(table), percentiles(drawn, len(table)), len(table), int(table.sum()))


def unit_counts(answers: pd.DataFrame, *, values: str = "answer", duplicates: Duplicates = "first") -> pd.DataFrame:
    """Return how many answers of each kind each picture got.

    A unit is an image with what was shown of it: the two conditions of a pair whichever side they stood on, or one
    condition; before and after an explanation are two units.

    Parameters
    ----------
    answers
        Answers to one task, in the order in which they came.
    values
        Column of what was answered: ``answer`` (the winning condition, the class …), or ``side`` as published, which
        only means something where every rater saw the same sides.
    duplicates
        Which answer counts where a participant answered for a unit more than once.

    Raises
    ------
    TombolaError
        If `duplicates` is none of the three.
    """
    if duplicates not in DUPLICATES:
        raise TombolaError(f"duplicates = {duplicates!r} is none of {', '.join(DUPLICATES)}")
    unit = units(answers)
    frame = pd.DataFrame({"unit": unit, "worker": answers.participant.to_numpy(), "value": answers[values].to_numpy()})
    if duplicates != "all":
        frame = frame.drop_duplicates(["worker", "unit"], keep=duplicates)
    return pd.crosstab(frame.unit, frame.value)


def units(answers: pd.DataFrame) -> NDArray[np.int64]:
    """Return numbers from 0 in place of pictures: an image with what was shown of it, sides apart from it."""
    places = answers[["left", "right", "condition"]].fillna("")
    swap = (places.left > places.right).to_numpy(bool)
    first, second = places.left.mask(swap, places.right), places.right.mask(swap, places.left)
    image, phase = answers.image.astype("string").fillna(""), answers.phase.fillna("")
    return codes(image + "|" + first + "|" + second + "|" + places.condition + "|" + phase)


def gold_accuracy(answers: pd.DataFrame) -> pd.DataFrame:
    """Return how each participant did on gold trials: ``participant, gold, gold_correct, gold_accuracy``."""
    gold = answers[(answers.kind == "gold") & answers.correct.notna()]
    found = gold.groupby("participant").correct.agg(["size", "sum"]).reset_index()
    found = found.rename(columns={"size": "gold", "sum": "gold_correct"}).astype({"gold_correct": "int64"})
    return found.assign(gold_accuracy=found.gold_correct / found.gold)


def retests(answers: pd.DataFrame) -> pd.DataFrame:
    """Return every repeat beside the main answer it repeats: ``participant, image, unit, first, again, same``.

    A repeat without its main answer is left out; of several main answers the last before it counts.
    """
    frame = answers.assign(unit=units(answers))
    main, again = (frame[frame.kind == kind] for kind in ("main", "repeat"))
    main = main.drop_duplicates(["participant", "unit", "task"], keep="last")
    found = again.merge(main, on=["participant", "unit", "task"], suffixes=("_again", ""))
    same = (found.answer == found.answer_again).astype(bool)
    columns = {"participant": found.participant, "image": found.image, "unit": found.unit}
    return pd.DataFrame(columns | {"first": found.answer, "again": found.answer_again, "same": same})


def retest_agreement(answers: pd.DataFrame) -> tuple[Estimate, float]:
    """Return the share of repeats answered as before, clustered, and Cohen's kappa of first and second answer."""
    found = retests(answers)
    share = clustered_share(found.same.to_numpy(np.float64), codes(found.participant), codes(found.image))
    if not len(found):
        return share, float("nan")
    kinds = sorted(set(found["first"]) | set(found.again))
    chance = sum(float((found["first"] == kind).mean()) * float((found.again == kind).mean()) for kind in kinds)
    return share, (share.value - chance) / (1 - chance) if chance < 1 else float("nan")


def nominal_alpha(counts: ArrayLike) -> float:
    """Return nominal alpha alone; NaN where fewer than two answers can be paired, or all are equal.

    Raises
    ------
    TombolaError
        If the package `krippendorff` is not installed.
    """
    table = _pairable(counts)
    if (table.sum(0) > 0).sum() < 2:
        return float("nan")
    try:
        import krippendorff
    except ImportError:
        raise TombolaError(MISSING) from None
    return float(krippendorff.alpha(value_counts=table, level_of_measurement="nominal"))


def _pairable(counts: ArrayLike) -> NDArray[np.int64]:
    table = np.asarray(counts, np.int64)
    return table[table.sum(1) >= 2] if table.size else np.zeros((0, 1), np.int64)


def _alphas(weights: Float[np.ndarray, "draw unit"], table: NDArray[np.int64]) -> Float[np.ndarray, " draw"]:
    """Return nominal alpha of resampled units: 1 - (n - 1)(n - agreeing) / (n² - Σ n_c²)."""
    sizes = table.sum(1)
    agreeing = weights @ ((table * (table - 1)).sum(1) / (sizes - 1))
    kinds = weights @ table.astype(np.float64)
    n = kinds.sum(1)
    chance = n**2 - (kinds**2).sum(1)
    found = np.full(len(weights), np.nan)
    np.divide((n - 1) * (n - agreeing), chance, out=found, where=chance > 0)
    return 1 - found

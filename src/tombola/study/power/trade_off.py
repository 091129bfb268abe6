"""Raters per image against images: what the same power costs either way. Reference: explainability 12.2."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from tombola.errors import TombolaError
from tombola.study.power.analytic import (
    ALPHA,
    POWER,
    answers_to_collect,
    detectable_share,
    power_of_share,
    votes_for_share,
)
from tombola.study.power.cost import cost
from tombola.study.power.layout import balanced
from tombola.study.power.population import Population
from tombola.study.power.simulation import LARGEST, simulate_power

RATERS: Final = (1, 2, 3, 5, 8, 12, 20)
COLUMNS: Final = (
    *("raters", "images", "participants", "answers", "design_effect", "power", "detectable_share"),
    *("simulated_power", "monte_carlo_se", "simulated_coverage", "hours", "cost"),
)


def trade_off(
    population: Population,
    *,
    raters: Sequence[int] = RATERS,
    per_worker: int = 40,
    answers: int | None = None,
    power: float = POWER,
    alpha: float = ALPHA,
    draws: int = 0,
    seed: int = 0,
    **costs: Any,
) -> pd.DataFrame:
    """Return, for each number of raters per image, the study that has a given power, or so many answers.

    Columns `COLUMNS`: ``power`` and ``detectable_share`` are by formula with the design effect of the population;
    ``simulated_*`` are missing without draws.

    Parameters
    ----------
    population
        Who votes how.
    raters
        Answers per image.
    per_worker
        Answers per participant; fewer where there are fewer images.
    answers
        Answers in all; by default as many as the power needs.
    power, alpha
        What is wanted.
    draws, seed
        Simulated studies per row; 0: none.
    **costs
        As in `tombola.study.power.cost`.

    Raises
    ------
    TombolaError
        If a number is out of range.
    """
    rows = []
    for number in raters:
        if number < 1 or per_worker < 1:
            raise TombolaError(f"raters = {number}, {per_worker} answers per participant: give at least 1")
        images, size = _images(population, number, per_worker, answers, power, alpha)
        total = images * number
        effect = population.design_effect(size, number)
        votes = total * (1 - population.ties) / effect
        people = max(number, -(-total // size))
        found: tuple[float, ...] = (float("nan"),) * 3
        if draws and total <= LARGEST:
            done = simulate_power(population, balanced(images, number, size, seed), alpha=alpha, draws=draws, seed=seed)
            found = (done.power, done.se, done.covered)
        bill = cost(total, people, **costs)
        reached = power_of_share(votes, population.share, alpha)
        smallest = detectable_share(votes, power, alpha)
        rows.append((number, images, people, total, effect, reached, smallest, *found, bill.hours, bill.total))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _images(
    population: Population, raters: int, per_worker: int, answers: int | None, power: float, alpha: float
) -> tuple[int, int]:
    """Return the images needed and answers per participant, who cannot answer about more images than there are."""
    if answers is not None:
        images = max(1, -(-answers // raters))
        return images, min(per_worker, images)
    votes = votes_for_share(population.share, power, alpha)
    size = per_worker
    while True:  # fewer images make shorter blocks, which need fewer answers, which need fewer images
        images = -(-answers_to_collect(votes, population.design_effect(size, raters), population.ties) // raters)
        if images >= size:
            return images, size
        size -= 1

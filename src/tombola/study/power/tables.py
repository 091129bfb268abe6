"""Tables of a power analysis: sizes, what can be detected, what a planned study can do, a power curve."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

import numpy as np
import pandas as pd

from tombola.study.design.folder import Study
from tombola.study.power.analytic import (
    ALPHA,
    POWER,
    answers_to_collect,
    detectable_share,
    power_of_share,
    votes_for_difference,
    votes_for_share,
)
from tombola.study.power.cost import cost
from tombola.study.power.layout import balanced, of_study
from tombola.study.power.pilot import Pilot
from tombola.study.power.population import Population
from tombola.study.power.simulation import LARGEST, simulate_power

POWERS: Final = (0.8, 0.9)
CURVE_POINTS: Final = 24
SIMULATED_POINTS: Final = 6
PILOT: Final = (
    *("pair", "answers", "workers", "images", "share", "ties", "worker_sd", "image_sd", "worker_correlation"),
    *("image_correlation", "seconds"),
)
PLANNED: Final = (
    *("pair", "answers", "participants", "raters", "design_effect", "power", "detectable_share", "simulated_power"),
    *("monte_carlo_se", "simulated_coverage"),
)


def size_table(
    population: Population, raters: int, per_worker: int, powers: Sequence[float], alpha: float = ALPHA, **costs: Any
) -> pd.DataFrame:
    """Return, per power, the decisive votes needed, the answers to collect for them, people and cost.

    Columns ``power, share, votes, design_effect, answers, participants, hours, cost``.
    """
    rows = []
    effect = population.design_effect(per_worker, raters)
    for power in powers:
        votes = votes_for_share(population.share, power, alpha)
        answers = answers_to_collect(votes, effect, population.ties)
        people = max(raters, -(-answers // per_worker))
        bill = cost(answers, people, **costs)
        rows.append((power, population.share, votes, effect, answers, people, bill.hours, bill.total))
    names = ["power", "share", "votes", "design_effect", "answers", "participants", "hours", "cost"]
    return pd.DataFrame(rows, columns=names)


def difference_table(
    first: float, second: float, powers: Sequence[float], design_effect: float = 1.0, alpha: float = ALPHA
) -> pd.DataFrame:
    """Return, per power, the answers per arm that tell two proportions apart.

    Columns ``power, first, second, independent, design_effect, answers_per_arm``.
    """
    rows = []
    for power in powers:
        votes = votes_for_difference(first, second, power, alpha)
        rows.append((power, first, second, votes, design_effect, answers_to_collect(votes, design_effect)))
    names = ["power", "first", "second", "independent", "design_effect", "answers_per_arm"]
    return pd.DataFrame(rows, columns=names)


def detectable_table(
    population: Population, raters: int, per_worker: int, answers: Sequence[int], power: float = POWER
) -> pd.DataFrame:
    """Return the smallest share above ½ that so many answers detect: as they are, and if they were independent.

    Columns ``answers, votes, independent_votes, detectable_share, naive_share``.
    """
    rows = []
    effect = population.design_effect(per_worker, raters)
    for number in answers:
        votes = number * (1 - population.ties)
        shares = (detectable_share(votes / effect, power), detectable_share(votes, power))
        rows.append((number, votes, votes / effect, *shares))
    return pd.DataFrame(rows, columns=["answers", "votes", "independent_votes", "detectable_share", "naive_share"])


def planned_table(
    study: Study, population: Population, *, power: float = POWER, alpha: float = ALPHA, draws: int = 0, seed: int = 0
) -> pd.DataFrame:
    """Return what the planned participants of a pairwise study can find out about each pair: columns `PLANNED`."""
    rows = []
    for pair in study.spec.pairs:
        layout = of_study(study, pair)
        effect = population.design_effect(layout.worker_size, layout.image_size)
        votes = layout.answers * (1 - population.ties) / effect
        found = (float("nan"),) * 3
        if draws and layout.answers <= LARGEST:
            done = simulate_power(population, layout, alpha=alpha, draws=draws, seed=seed)
            found = (done.power, done.se, done.covered)
        shares = (power_of_share(votes, population.share, alpha), detectable_share(votes, power, alpha))
        sizes = (layout.answers, layout.workers, study.spec.raters)
        rows.append((" v ".join(pair), *sizes, effect, *shares, *found))
    return pd.DataFrame(rows, columns=list(PLANNED))


def curve_table(
    population: Population,
    raters: int,
    per_worker: int,
    *,
    power: float = POWER,
    alpha: float = ALPHA,
    draws: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Return power against answers, up to twice as many as are needed.

    Columns ``answers, power, naive_power, simulated_power, monte_carlo_se``; the last two at a few points, if asked.
    """
    effect = population.design_effect(per_worker, raters)
    needed = answers_to_collect(votes_for_share(population.share, power, alpha), effect, population.ties)
    simulated = set(range(SIMULATED_POINTS - 1, CURVE_POINTS, CURVE_POINTS // SIMULATED_POINTS)) if draws else set()
    rows = []
    for place, number in enumerate(np.linspace(2 * needed / CURVE_POINTS, 2 * needed, CURVE_POINTS)):
        images = max(1, round(number / raters))
        size = min(per_worker, images)
        answers = images * raters
        votes = answers * (1 - population.ties)
        both = [
            power_of_share(votes / each, population.share, alpha)
            for each in (population.design_effect(size, raters), 1.0)
        ]
        found = (float("nan"),) * 2
        if place in simulated and answers <= LARGEST:
            done = simulate_power(population, balanced(images, raters, size, seed), alpha=alpha, draws=draws, seed=seed)
            found = (done.power, done.se)
        rows.append((answers, *both, *found))
    return pd.DataFrame(rows, columns=["answers", "power", "naive_power", "simulated_power", "monte_carlo_se"])


def pilot_table(pilots: Sequence[Pilot]) -> pd.DataFrame:
    """Return what a pilot says, a row per pair: columns `PILOT`."""
    rows = []
    for each in pilots:
        who = each.population
        sizes = (each.answers, each.workers, each.images)
        correlations = (each.worker_correlation, each.image_correlation)
        rows.append((each.pair, *sizes, who.share, who.ties, who.worker_sd, who.image_sd, *correlations, each.seconds))
    return pd.DataFrame(rows, columns=list(PILOT))


def most_demanding(pilots: Sequence[Pilot], raters: int, per_worker: int) -> Pilot:
    """Return the pilot pair that needs most answers for the same share: the careful choice."""

    def demand(pilot: Pilot) -> float:
        who = pilot.population
        return sqrt(who.design_effect(per_worker, raters) / (1 - who.ties))

    return max(pilots, key=demand)

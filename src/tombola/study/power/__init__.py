"""How many answers a question needs, and what they cost: by formula and by simulation. User guide: docs/study.md."""

from tombola.study.power.analytic import (
    answers_to_collect,
    detectable_share,
    power_of_share,
    votes_for_difference,
    votes_for_share,
)
from tombola.study.power.cost import Cost, cost
from tombola.study.power.layout import Layout, balanced, of_study
from tombola.study.power.pilot import Pilot, pilot_population, pilot_populations
from tombola.study.power.population import Population
from tombola.study.power.simulation import SimulatedPower, simulate_power
from tombola.study.power.trade_off import trade_off

__all__ = [
    "Cost",
    "Layout",
    "Pilot",
    "Population",
    "SimulatedPower",
    "answers_to_collect",
    "balanced",
    "cost",
    "detectable_share",
    "of_study",
    "pilot_population",
    "pilot_populations",
    "power_of_share",
    "simulate_power",
    "trade_off",
    "votes_for_difference",
    "votes_for_share",
]

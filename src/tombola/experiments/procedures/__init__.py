"""Procedures: how the levels of an experiment follow from each other. Adding one is a function and a registry line."""

from tombola.experiments.procedures import (
    at_init,
    dense,
    dynamic,
    edge_popup,
    gem_miner,
    gradual,
    iterative,
    one_shot,
    probabilistic,
    structured_random,
    transfer,
)
from tombola.experiments.procedures.context import LevelContext, Workplace
from tombola.experiments.procedures.rule import Procedure, procedures

__all__ = [
    "LevelContext",
    "Procedure",
    "Workplace",
    "at_init",
    "dense",
    "dynamic",
    "edge_popup",
    "gem_miner",
    "gradual",
    "iterative",
    "one_shot",
    "probabilistic",
    "procedures",
    "structured_random",
    "transfer",
]

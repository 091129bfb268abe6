"""Procedures: how the levels of an experiment follow from each other. Adding one is a function and a registry line."""

from tombola.experiments.procedures import dense, dynamic, iterative, one_shot
from tombola.experiments.procedures.context import LevelContext, Workplace
from tombola.experiments.procedures.rule import Procedure, procedures

__all__ = ["LevelContext", "Procedure", "Workplace", "dense", "dynamic", "iterative", "one_shot", "procedures"]

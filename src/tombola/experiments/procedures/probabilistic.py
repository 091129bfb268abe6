"""Probabilistic masks as procedures: every level is a search of its own (`tombola.search.probabilistic`)."""

from tombola.experiments.procedures.searching import register

register("probabilistic")
register("edge-popup-probabilistic")

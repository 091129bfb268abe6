"""Gem-Miner as a procedure: every level is a search of its own (`tombola.search.gem_miner`)."""

from tombola.experiments.procedures.searching import register

register("gem-miner")

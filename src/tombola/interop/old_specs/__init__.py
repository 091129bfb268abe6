"""Configurations of Synaptic-Flow and Gem-Miner as specs of ours: every key mapped, ignored or refused by name."""

from tombola.interop.old_specs.converting import convert, family_of, is_old, known_keys

__all__ = ["convert", "family_of", "is_old", "known_keys"]

"""Sanity checks: ways for a method to show that what it draws is no explanation."""

from tombola.explain.sanity import labels, likeness, weights
from tombola.explain.sanity.check import Check, Finding, check_sanity, checks, default_checks, failures
from tombola.explain.sanity.labels import permuted_network
from tombola.explain.sanity.question import Question

__all__ = [
    "Check",
    "Finding",
    "Question",
    "check_sanity",
    "checks",
    "default_checks",
    "failures",
    "labels",
    "likeness",
    "permuted_network",
    "weights",
]

"""What is wrong with stored networks: every check of the reference (section 9.3), registered by its code."""

from tombola.interop.sparse_analysis.integrity import (
    densities,
    groups,
    identities,
    initials,
    logs,
    names,
    states,
    trained,
)
from tombola.interop.sparse_analysis.integrity.finding import ERROR, NOTE, WARNING, Finding, checks, inspect

__all__ = [
    "ERROR",
    "NOTE",
    "WARNING",
    "Finding",
    "checks",
    "densities",
    "groups",
    "identities",
    "initials",
    "inspect",
    "logs",
    "names",
    "states",
    "trained",
]

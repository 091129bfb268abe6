"""Whether tensors hold numbers that such tensors can hold, and whether all of them are there."""

from collections.abc import Iterator, Sequence

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import ERROR, NOTE, WARNING, Found, check, one
from tombola.interop.sparse_analysis.roles import ROLES

WORDS = {"initial": "initial weights", "before": "pruned network before training", "trained": "trained weights"}


@check("non-finite", 9)
def non_finite(networks: Sequence[Facts]) -> Iterator[Found]:
    """Weights, masks, scores or statistics are no finite numbers."""
    for network in networks:
        if network.not_finite:
            total = sum(network.not_finite.values())
            first = next(iter(network.not_finite))
            yield one(
                ERROR,
                network,
                f"{total:,} entries are NaN or infinite (first in {first})",
                "it computes nothing that can be used",
                {"tensors": network.not_finite},
            )


@check("uninitialised", 9)
def uninitialised(networks: Sequence[Facts]) -> Iterator[Found]:
    """Tensors hold what such tensors cannot: memory that nobody wrote to."""
    for network in networks:
        if network.impossible:
            total = sum(network.impossible.values())
            first = next(iter(network.impossible))
            yield one(
                ERROR,
                network,
                f"{total:,} entries cannot be: masks are 0 or 1, scores from 0 to 1, weights small (first in {first})",
                "the tensors were never initialised, or the file is damaged",
                {"tensors": network.impossible},
            )
        if network.dummies:
            yield one(
                NOTE,
                network,
                f"{network.dummies} flags of biases that do not exist hold uninitialised memory",
                "they mean nothing and are left out",
                {"dummies": network.dummies},
            )


@check("state-missing", 9)
def state_missing(networks: Sequence[Facts]) -> Iterator[Found]:
    """A state of the network is not there, or cannot be read."""
    for network in networks:
        missing = [WORDS[role] for role in ROLES if network.roles and role not in network.roles]
        optional = network.method == "dense" and missing == [WORDS["before"]]
        if missing and not optional:
            unread = "; ".join(text for name, text in network.unread.items() if name.endswith((".pt", ".pth")))
            yield one(
                WARNING,
                network,
                f"not there: {', '.join(missing)}{f' ({unread})' if unread else ''}",
                "what rests on them is not known",
                {"missing": missing},
            )
        if network.family == "synaptic-flow" and not network.arguments:
            yield one(
                NOTE,
                network,
                "its arguments are not there, or cannot be read",
                "its hyper-parameters are not known",
            )

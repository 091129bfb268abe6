"""Networks that share something, by its digest."""

from collections.abc import Iterable

from tombola.interop.sparse_analysis.facts import Facts


def sharing(networks: Iterable[Facts], what: str) -> dict[str, list[Facts]]:
    """Return networks by the digest of what they are compared by: initial, scores, mask, trained."""
    found: dict[str, list[Facts]] = {}
    for network in networks:
        if what in network.digests:
            found.setdefault(network.digests[what], []).append(network)
    return found


def names(networks: Iterable[Facts]) -> list[str]:
    """Return the names of networks, in order."""
    return sorted(network.name for network in networks)


def listed(networks: Iterable[Facts], most: int = 6) -> str:
    """Return the names of networks as a reader lists them."""
    found = names(networks)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + rest

"""Which networks began as the same network."""

from collections.abc import Iterator, Sequence

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import ERROR, NOTE, WARNING, Found, check
from tombola.interop.sparse_analysis.integrity.sharing import listed, names, sharing
from tombola.interop.sparse_analysis.labels import STRUCTURED


@check("shared-initialisation", 5)
def shared_initialisation(networks: Sequence[Facts]) -> Iterator[Found]:
    """Networks of several methods began with the same weights."""
    for digest, found in sharing(networks, "initial").items():
        methods = sorted({network.method for network in found})
        if len(methods) > 1:
            yield (
                NOTE,
                f"{found[0].architecture} {_replicates(found)}",
                f"{' and '.join(methods)} began with the same weights ({listed(found)})",
                "distances of signs or weights between these methods are made smaller by it",
                {"sha256": digest, "methods": methods, "networks": names(found)},
                names(found),
            )


@check("dependent-replicates", 5)
def dependent_replicates(networks: Sequence[Facts]) -> Iterator[Found]:
    """Networks that are called different replicates began with the same weights."""
    for digest, found in sharing(networks, "initial").items():
        replicates = sorted({n.label.replicate for n in found if n.label.replicate is not None})
        if len(replicates) > 1:
            yield (
                ERROR,
                f"{found[0].architecture} {_replicates(found)}",
                f"replicates {', '.join(map(str, replicates))} began with the same weights ({listed(found)})",
                "they are no independent replicates, and intervals over them mean nothing",
                {"sha256": digest, "replicates": replicates, "networks": names(found)},
                names(found),
            )


@check("unshared-initialisation", 5)
def unshared_initialisation(networks: Sequence[Facts]) -> Iterator[Found]:
    """Networks that are called the same replicate of one program began with different weights."""
    groups: dict[tuple[str, str, int], list[Facts]] = {}
    for network in networks:
        if network.label.replicate is not None and network.method != STRUCTURED and "initial" in network.digests:
            groups.setdefault((network.architecture, network.family, network.label.replicate), []).append(network)
    for (architecture, family, replicate), members in sorted(groups.items()):
        for what, word in (("initial", "weights"), ("scores", "scores")):
            found = sharing(members, what)
            if len(found) > 1:
                sets = sorted(found.values(), key=len, reverse=True)
                yield (
                    WARNING,
                    f"{architecture} {family} replicate {replicate}",
                    f"its {sum(map(len, sets))} networks began with {len(sets)} different sets of {word}: "
                    + "; ".join(listed(group) for group in sets),
                    "they are not paired by their beginning, and differences between them are not paired ones",
                    {"what": word, "sets": {digest: names(group) for digest, group in found.items()}},
                    names(members),
                )


def _replicates(networks: Sequence[Facts]) -> str:
    numbers = sorted({n.label.replicate for n in networks if n.label.replicate is not None})
    return f"replicate {', '.join(map(str, numbers))}" if numbers else "networks"

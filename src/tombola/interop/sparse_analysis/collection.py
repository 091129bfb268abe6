"""Networks sorted into runs: one for each architecture and method, densities as levels, replicates as replicates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.labels import DENSE, STRUCTURED

Key = tuple[str, str, int, str, bool]
"""Architecture, method, prunable weights, family, whether there are tensors: what the networks of one run share."""


@dataclass(frozen=True)
class Place:
    """Where a network stands in its run.

    Attributes
    ----------
    facts
        The network.
    replicate, level
        Numbers of ours.
    """

    facts: Facts
    replicate: int
    level: int


@dataclass(frozen=True)
class Group:
    """The networks of one run.

    Attributes
    ----------
    architecture, method
        What they have in common.
    places
        The networks.
    densities
        Percent that level 1, 2, ... are said to keep; empty where it is one level, or none.
    replicates
        What our replicates are called there.
    """

    architecture: str
    method: str
    places: tuple[Place, ...]
    densities: tuple[float, ...]
    replicates: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The names of its networks."""
        return [place.facts.name for place in self.places]


def sort_into_runs(networks: Sequence[Facts]) -> list[Group]:
    """Return networks as groups, dense ones as level 0 of the groups that began with the same weights.

    A dense network is level 0 wherever it began as a replicate of the group did, and has a run of its own where there
    is no such group. Of several networks with one label, the later ones are replicates of their own.
    """
    found: dict[Key, list[Facts]] = {}
    for network in networks:
        key = (network.architecture, network.method, network.size, network.family, bool(network.roles))
        found.setdefault(key, []).append(network)
    dense = [network for network in networks if network.method == DENSE]
    groups = [_group(key, members, dense) for key, members in sorted(found.items()) if key[1] != DENSE]
    used = {place.facts.name for group in groups for place in group.places}
    alone = {
        key: [n for n in members if n.name not in used] for key, members in sorted(found.items()) if key[1] == DENSE
    }
    return groups + [_group(key, members, []) for key, members in alone.items() if members]


def _group(key: Key, members: Sequence[Facts], dense: Iterable[Facts]) -> Group:
    architecture, method, size, *_ = key
    densities = sorted({_percent(network) for network in members}, reverse=True)
    places: list[tuple[str, int, Facts]] = []
    for network in sorted(members, key=lambda n: n.name):
        level = 0 if method == DENSE else 1 if method == STRUCTURED else 1 + densities.index(_percent(network))
        taken = {(name, at) for name, at, _ in places}
        places.append((next(name for name in _names(network) if (name, level) not in taken), level, network))
    begun = {network.digests.get("initial"): name for name, _, network in places}
    for network in dense:
        name = begun.get(network.digests.get("initial"))
        fits = network.size == size and network.architecture == architecture
        if fits and name is not None and (name, 0) not in {(n, at) for n, at, _ in places}:
            places.append((name, 0, network))
    replicates = sorted({name for name, _, _ in places}, key=_number)
    return Group(
        architecture,
        method,
        tuple(Place(network, replicates.index(name), level) for name, level, network in places),
        () if method in (DENSE, STRUCTURED) else tuple(densities),
        tuple(replicates),
    )


def _percent(network: Facts) -> float:
    """Return the percent a network is grouped by: what it is said to keep, else what its mask keeps, rounded."""
    said = network.labelled
    return float(f"{network.nominal:.3g}") if said is None else said


def _names(network: Facts) -> Iterator[str]:
    """Yield what a network's replicate may be called, until a name is free."""
    replicate = network.label.replicate
    if replicate is None:
        seed = network.arguments.get("seed")
        replicate = seed if isinstance(seed, int) else None
    own = network.name if network.roles else network.name.rpartition("/")[0]
    base = own if replicate is None else str(replicate)
    yield base
    yield from (f"{base} ({again})" for again in range(2, 1000))


def _number(name: str) -> tuple[int, str]:
    head = name.split(" ")[0]
    return (int(head), name) if head.isdigit() else (1 << 62, name)

"""Whether networks of one nominal configuration were made alike."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tombola.interop.sparse_analysis.facts import Facts, group_name
from tombola.interop.sparse_analysis.integrity.finding import NOTE, WARNING, Found, check
from tombola.interop.sparse_analysis.integrity.sharing import names
from tombola.interop.sparse_analysis.labels import STRUCTURED

SCHEDULE = ("level_list", "prune_epochs", "pre_epochs", "post_epochs", "compression_schedule", "prune_epoch_list")
NOT_COMPARED = (
    *("seed", "expid", "name", "result_dir", "gpu", "no_cuda", "workers", "verbose", "config", "save"),
    *("compression", "compression_list", "lmbda", "batch_size", "pruner", "model", "experiment"),
)
"""Arguments that tell networks apart, mean nothing for results, or are compared by other checks."""

STRENGTH, SHRINK = "regularisation (inferred)", "decay of pruned weights in training (inferred)"
NEAR = {STRENGTH: 0.02, SHRINK: 0.005}
"""Relative differences of inferred numbers that mean nothing."""

Values = Callable[[Facts], dict[str, Any]]


@check("hyper-parameters", 3)
def hyper_parameters(networks: Sequence[Facts]) -> Iterator[Found]:
    """Hyper-parameters differ inside a nominal configuration, or from density to density of a method."""
    yield from _differing(networks, _hyper_parameters, "its networks are no replicates of one experiment")


@check("schedule", 8)
def schedule(networks: Sequence[Facts]) -> Iterator[Found]:
    """Levels, rounds or epochs differ inside a nominal configuration, or from density to density of a method."""
    yield from _differing(networks, _schedule, "its networks were pruned or trained for different lengths")


@check("inferred-regularisation", 3)
def inferred_regularisation(networks: Sequence[Facts]) -> Iterator[Found]:
    """The strength of score regularisation is recorded nowhere, and follows from logs and scores."""
    for group, members in _grouped(networks, lambda n: (n.architecture, n.method, None)).items():
        found = {n.name: strength for n in members if (strength := n.inferred_strength) is not None}
        if found:
            low, high = min(found.values()), max(found.values())
            told = f"{low:.3g}" if high - low <= NEAR[STRENGTH] * high else f"{low:.3g} to {high:.3g}"
            yield (
                NOTE,
                group_name(group),
                f"the strength of score regularisation is not recorded; it was {told} (last regularisation loss of the "
                "search over the sum of squared scores)",
                "densities that were searched for at different strengths cannot be compared",
                {"strength": found},
                sorted(found),
            )


def _hyper_parameters(network: Facts) -> dict[str, Any]:
    found = {k: v for k, v in network.arguments.items() if k not in (*NOT_COMPARED, *SCHEDULE)}
    strength, outside = network.inferred_strength, network.outside
    if strength is not None:
        found[STRENGTH] = strength
    if outside is not None and outside.shrink is not None and outside.moved == 0:
        found[SHRINK] = outside.shrink
    return found


def _schedule(network: Facts) -> dict[str, Any]:
    found = {k: v for k, v in network.arguments.items() if k in SCHEDULE}
    if network.log is not None and network.log.search.any():
        found["search epochs"] = int(network.log.search.sum())
    return found


def _differing(networks: Sequence[Facts], values: Values, consequence: str) -> Iterator[Found]:
    told: set[tuple[str, str, str]] = set()
    for group, members in _grouped(networks, lambda n: n.group).items():
        for name, found in _spread(members, values):
            told.add((*group[:2], name))
            yield _finding(group_name(group), name, found, members, consequence)
    wider = "comparisons between its densities are confounded with it"
    for group, members in _grouped(networks, lambda n: (n.architecture, n.method, None)).items():
        usual = [network for network in members if network.method not in (STRUCTURED, "dense")]
        for name, found in _spread(usual, values):
            if (*group[:2], name) not in told:
                yield _finding(f"{group_name(group)}, all densities", name, found, usual, wider)


def _finding(subject: str, name: str, found: dict[str, list[str]], members: Sequence[Facts], why: str) -> Found:
    told = "; ".join(f"{value} ({', '.join(owners)})" for value, owners in found.items())
    return WARNING, subject, f"{name} differs: {told}", why, {"name": name, "values": found}, names(members)


def _grouped(
    networks: Sequence[Facts], key: Callable[[Facts], tuple[str, str, float | None]]
) -> dict[tuple[str, str, float | None], list[Facts]]:
    found: dict[tuple[str, str, float | None], list[Facts]] = {}
    for network in networks:
        found.setdefault(key(network), []).append(network)
    return dict(sorted(found.items(), key=lambda item: (*item[0][:2], item[0][2] or 0)))


def _spread(members: Sequence[Facts], values: Values) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield what differs between networks: name -> value as text -> networks."""
    known = {network.name: values(network) for network in members}
    for name in sorted({name for found in known.values() for name in found}):
        owners: dict[str, list[str]] = {}
        for network, found in sorted(known.items()):
            if name in found:
                owners.setdefault(_text(name, found[name], owners), []).append(network)
        if len(owners) > 1:
            yield name, owners


def _text(name: str, value: Any, known: dict[str, list[str]]) -> str:
    if name in NEAR:
        near = (t for t in known if abs(float(t) - value) <= NEAR[name] * abs(value))
        return next(near, f"{value:.4g}")
    return f"{float(value):g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)

"""Whether densities are what they are said to be."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import ERROR, NOTE, WARNING, Found, Severity, check, one
from tombola.interop.sparse_analysis.labels import STRUCTURED

ALARM = 0.01
"""Relative difference of densities that must be told (reference, section 4.1)."""

WRONG = 0.05
"""Relative difference that no rounding, tie or choice of exponent explains: published densities are twofold."""


def difference(found: float, said: float) -> float:
    """Return how far a density is from what it is said to be, relative to that."""
    return abs(found - said) / said if said else float(found != said)


def severity(found: float, said: float) -> Severity | None:
    """Return how bad a difference is; None where it is below the alarm."""
    off = difference(found, said)
    return ERROR if off > WRONG else WARNING if off > ALARM else None


@check("effective-density", 1)
def effective_density(networks: Sequence[Facts]) -> Iterator[Found]:
    """The weights that take part are not those that mask, log or score table say."""
    for network in networks:
        said = network.labelled
        label = "" if said is None else f", labelled {said:g} %"
        evidence = {
            "effective_percent": network.effective,
            "nominal_percent": network.nominal,
            "labelled_percent": said,
            "kept": network.kept,
            "size": network.size,
        }
        bad = severity(network.effective, network.nominal)
        if bad:
            yield one(
                bad,
                network,
                f"effective density {network.effective:.3f} % ({network.kept:,} of {network.size:,} weights), nominal "
                f"{network.nominal:.3f} %{label}: flags count weights whose score is not above .5",
                "analyses of the flags are of weights that take no part; the imported mask is the effective one",
                evidence | _logged(network),
            )
        yield from _other_sources(network, evidence)


def _other_sources(network: Facts, evidence: Mapping[str, Any]) -> Iterator[Found]:
    sources = {"log": _logged(network).get("logged_percent")}
    if network.table is not None and network.table.size:
        sources["score table"] = 100 * network.table.kept / network.table.size
    for source, density in sources.items():
        bad = None if density is None else severity(density, network.effective)
        if bad and density is not None:
            yield one(
                bad,
                network,
                f"effective density {network.effective:.3f} % by its mask, {density:.3f} % by its {source}",
                f"the {source} is of another network, or was written at another time",
                dict(evidence) | {f"{source.replace(' ', '_')}_percent": density},
            )


def _logged(network: Facts) -> dict[str, float]:
    column = network.log.columns.get("model_sparsity") if network.log else None
    return {} if column is None or not len(column) else {"logged_percent": float(column[-1])}


@check("shuffled-flags", 1)
def shuffled_flags(networks: Sequence[Facts]) -> Iterator[Found]:
    """A shuffle was checked that moved flags but not scores, so that hardly a weight took part."""
    for network in networks:
        log = network.checks.get("mask-shuffle")
        if log is not None and log.rows:
            final = float(log.column("test")[-1])
            expected = 100 * sum(x.nominal * x.effective / x.size for x in network.layers.values()) / network.size
            yield one(
                NOTE,
                network,
                f"{log.path.name} ends at {final:.2f} %: flags were shuffled without their scores, which leaves about "
                f"{expected:.3f} % of the weights instead of {network.effective:.3f} %",
                "it says nothing about where weights are, and is not imported; shuffle-layerwise is such a control",
                {"final": final, "expected_percent": expected, "effective_percent": network.effective},
            )


@check("label-content", 2)
def label_content(networks: Sequence[Facts]) -> Iterator[Found]:
    """The folder is called something else than what is in it."""
    for network in networks:
        yield from _densities(network)
        label = network.label
        pairs: list[tuple[str, object, object]] = [("architecture", label.architecture, network.architecture)]
        gem = None if label.method is None else label.method == "gem-miner"
        if gem is not None and gem != (network.family == "gem-miner"):
            pairs.append(("method", label.method, f"a network of {network.family}"))
        seed = network.arguments.get("seed")
        if label.replicate is not None and isinstance(seed, int):
            pairs.append(("replicate", label.replicate, seed))
        if label.density is not None and label.folder_density is not None:
            pairs.append(("density (of the folder above)", label.density, label.folder_density))
        for what, said, found in pairs:
            if said is not None and said != found and not (what == "architecture" and found == "other"):
                yield one(
                    ERROR,
                    network,
                    f"{what} is {said} by its path, {found} by its content",
                    "it belongs to another group than its path says",
                    {"what": what, "label": said, "content": found},
                )


def _densities(network: Facts) -> Iterator[Found]:
    for source, said in (("path", network.label.density), ("recorded exponent", network.recorded_density)):
        if said is None or network.method == STRUCTURED or "mask" not in network.digests:
            continue
        bad = severity(network.nominal, said)
        if bad:
            yield one(
                bad,
                network,
                f"labelled {said:g} % by its {source}, and its mask keeps {network.nominal:.3f} %",
                "it belongs to another density group than its label says"
                if bad == ERROR
                else "ties or rounding moved it off its target",
                {"labelled_percent": said, "nominal_percent": network.nominal, "effective_percent": network.effective},
            )


@check("denominator", 10)
def denominator(networks: Sequence[Facts]) -> Iterator[Found]:
    """Networks that are compared count different weights as prunable."""
    for architecture in sorted({network.architecture for network in networks} - {"other"}):
        sizes: dict[int, list[Facts]] = {}
        for network in networks:
            if network.architecture == architecture:
                sizes.setdefault(network.size, []).append(network)
        if len(sizes) > 1:
            told = "; ".join(
                f"{size:,} ({', '.join(sorted({network.method for network in found}))})"
                for size, found in sorted(sizes.items())
            )
            yield (
                WARNING,
                architecture,
                f"prunable weights are counted differently: {told}",
                "equal percents keep different numbers of weights; compare over a declared layer set",
                {str(size): len(found) for size, found in sizes.items()},
                [network.name for found in sizes.values() for network in found],
            )
        for network in (n for found in sizes.values() for n in found):
            table = network.table
            if table is not None and table.size != network.size:
                yield one(
                    WARNING,
                    network,
                    f"{table.path.name} counts {table.size:,} prunable weights, the masks {network.size:,}",
                    "densities of the table and of the mask have different denominators",
                    {"table": table.size, "masks": network.size},
                )

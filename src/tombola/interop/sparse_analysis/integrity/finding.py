"""A finding, and the registry of what finds them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tombola.interop.sparse_analysis.facts import Facts
from tombola.registry import Registry

Severity = Literal["error", "warning", "note"]
ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"
SEVERITIES = (ERROR, WARNING, NOTE)


@dataclass(frozen=True)
class Finding:
    """One contradiction.

    Attributes
    ----------
    code
        Of the check that found it.
    severity
        ``error``: do not analyse the networks as what they are called; ``warning``: know it before comparing them;
        ``note``: a property of the source that misleads who does not know it.
    subject
        The network, or the group of networks, as a reader knows it.
    contradiction
        What does not fit what, with numbers; a clause.
    consequence
        What follows for whoever uses the networks; a clause.
    evidence
        The numbers.
    networks
        Every network it is about.
    """

    code: str
    severity: Severity
    subject: str
    contradiction: str
    consequence: str
    evidence: dict[str, Any] = field(default_factory=dict)
    networks: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The finding on one line."""
        return f"{self.subject}: {self.contradiction} ({self.code}); {self.consequence}."


Found = tuple[Severity, str, str, str, dict[str, Any], Sequence[str]]
"""Severity, subject, contradiction, consequence, evidence, networks."""

Look = Callable[[Sequence[Facts]], Iterator[Found]]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    code
        Its name.
    item
        Its number in the reference, section 9.3.
    look
        Facts of all networks -> what is wrong with them.
    """

    code: str
    item: int
    look: Look

    @property
    def about(self) -> str:
        """What it looks for."""
        return (self.look.__doc__ or "").strip().split("\n")[0]

    def findings(self, networks: Sequence[Facts]) -> Iterator[Finding]:
        """Yield what is wrong."""
        for severity, subject, contradiction, consequence, evidence, names in self.look(networks):
            yield Finding(self.code, severity, subject, contradiction, consequence, evidence, tuple(names))


checks: Registry[Check] = Registry("integrity check")


def check(code: str, item: int) -> Callable[[Look], Look]:
    """Return a decorator that registers a function as a check."""

    def keep(look: Look) -> Look:
        checks.register(code)(Check(code, item, look))
        return look

    return keep


def one(
    severity: Severity, network: Facts, contradiction: str, consequence: str, evidence: dict[str, Any] | None = None
) -> Found:
    """Return a finding about one network."""
    return severity, network.name, contradiction, consequence, evidence or {}, (network.name,)


def inspect(networks: Iterable[Facts]) -> list[Finding]:
    """Return everything that is wrong with networks: errors first, then by check and network."""
    known = list(networks)
    found = [finding for code in checks for finding in checks[code].findings(known)]
    return sorted(found, key=lambda f: (SEVERITIES.index(f.severity), checks[f.code].item, f.code, f.subject))

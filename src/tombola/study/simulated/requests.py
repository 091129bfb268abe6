"""What simulated participants saw of a server: how long each kind of request took, what went wrong, what was taken."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

KINDS: Final = (
    (re.compile(r"/picture/.+"), "picture"),
    (re.compile(r"/static/.+"), "static"),
    (re.compile(r"/practice/\d+/feedback"), "feedback"),
    (re.compile(r"/practice/\d+"), "practice"),
    (re.compile(r"/trial/\d+"), "trial"),
    (re.compile(r"/p/.+"), "personal link"),
    (re.compile(r"/"), "welcome"),
)
COLUMNS: Final = ("request", "count", "p50_ms", "p95_ms", "max_ms")


@dataclass(frozen=True)
class Accepted:
    """An answer that the server confirmed.

    Attributes
    ----------
    token
        SHA-256 of the participant's token, as the database stores it.
    position
        Place in the participant's plan.
    value
        What was answered.
    """

    token: bytes
    position: int
    value: str


@dataclass
class Requests:
    """A growing record of requests.

    Attributes
    ----------
    seconds
        Time of every request that was answered, by kind.
    errors
        Status and kind -> how often; what was told to come later and came later is no error.
    retries
        Requests sent again, by reason.
    accepted
        Answers that were confirmed, in order.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    accepted: list[Accepted] = field(default_factory=list)

    def took(self, method: str, path: str, seconds: float) -> None:
        """Record a request that was answered."""
        self.seconds.setdefault(kind_of(method, path), []).append(seconds)

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return sum(map(len, self.seconds.values()))

    def table(self) -> pd.DataFrame:
        """Return latencies by kind of request, all of them last: columns `COLUMNS`."""
        kinds = {kind: self.seconds[kind] for kind in sorted(self.seconds)}
        everything = [value for values in kinds.values() for value in values]
        rows = []
        for kind, values in (*kinds.items(), ("all", everything)):
            taken = 1000 * np.array(values or [np.nan])
            rows.append((kind, len(values), *np.percentile(taken, [50, 95]), taken.max()))
        return pd.DataFrame(rows, columns=list(COLUMNS))


def kind_of(method: str, path: str) -> str:
    """Return what is asked for, without numbers and names.

    Examples
    --------
    >>> kind_of("POST", "/trial/12"), kind_of("GET", "/consent")
    ('POST trial', 'GET consent')
    """
    path = path.split("?")[0]
    name = next((name for pattern, name in KINDS if pattern.fullmatch(path)), path.strip("/"))
    return f"{method} {name}"

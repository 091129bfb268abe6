"""The registry of measures, and what an entry says beside its formula. Adding one is a function and a line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tombola.errors import TombolaError
from tombola.registry import Registry

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Support = Literal["bins", "values"]
"""What frequencies are of: equal bins of [0, 1], or every distinct value."""

Frequencies = Callable[..., Array]
"""``formula(p, q, times=None)``: relative frequencies (`formulas`); where they lie does not matter."""

Distributions = Callable[[Array, Counts, Counts], Array]
"""``formula(v, a, b)``: distinct values ``(k,)``, ascending, and how often each occurs, ``(..., k)`` -> ``(...)``."""

Comparison = Callable[[Array, Array], Array]
"""``compare(p, q)``: weights ``(..., n)`` of pooled rows in either sample -> distances ``(...)``."""

Rows = Callable[[Array, Array], Comparison]
"""``rows(pooled, scale)``: all rows ``(n, variable)`` and what one unit of each variable is -> how samples compare."""

BINS = 16


@dataclass(frozen=True)
class Measure:
    """One measure; exactly one of its three kinds of formula is there.

    Attributes
    ----------
    name
        As in tables and files.
    support
        What relative frequencies are of, for measures of them.
    frequencies, distributions, rows
        The formula.
    symmetric
        Whether both orders give the same.
    upper
        The largest value there can be; infinite where nothing bounds it.
    summary
        The first line of the formula's docstring.
    """

    name: str
    support: Support = "values"
    frequencies: Frequencies | None = None
    distributions: Distributions | None = None
    rows: Rows | None = None
    symmetric: bool = True
    upper: float = np.inf
    summary: str = ""

    @property
    def published(self) -> bool:
        """Whether it repeats a publication, faults included, and so names its source."""
        return self.name.endswith("-signs2024")

    def between(self, v: Array, a: Counts, b: Counts) -> Array:
        """Return distances between samples given by counts ``(..., k)`` of the support ``v``."""
        if self.frequencies is not None:
            return self.frequencies(a / a.sum(-1, keepdims=True), b / b.sum(-1, keepdims=True))
        if self.distributions is not None:
            return self.distributions(v, a, b)
        raise TombolaError(f"measure '{self.name}' compares whole rows of variables; use joint_distance")


class Measures(Registry[Measure]):
    """Measures by name."""

    def frequencies(
        self, name: str, support: Support, *, symmetric: bool = True, upper: float = np.inf
    ) -> Callable[[Frequencies], Frequencies]:
        """Return a decorator that files a formula of relative frequencies."""

        def file(formula: Frequencies) -> Frequencies:
            entry = Measure(name, support, formula, symmetric=symmetric, upper=upper, summary=_first_line(formula))
            self.register(name)(entry)
            return formula

        return file

    def distributions(self, name: str, *, upper: float = np.inf) -> Callable[[Distributions], Distributions]:
        """Return a decorator that files a formula of values and how often they occur."""

        def file(formula: Distributions) -> Distributions:
            self.register(name)(Measure(name, distributions=formula, upper=upper, summary=_first_line(formula)))
            return formula

        return file

    def whole_rows(self, name: str, *, upper: float = np.inf) -> Callable[[Rows], Rows]:
        """Return a decorator that files a formula of whole rows."""

        def file(rows: Rows) -> Rows:
            self.register(name)(Measure(name, rows=rows, upper=upper, summary=_first_line(rows)))
            return rows

        return file


def _first_line(formula: Callable[..., object]) -> str:
    return (formula.__doc__ or "").strip().partition("\n")[0]


measures = Measures("measure")

CORRECTED = ("w1", "ks", "energy", "jsd", "hd", "tv", "chi2", "hc", "hi")
"""What analyses of one variable compare by unless asked otherwise."""

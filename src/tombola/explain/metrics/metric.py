"""Metrics of explanations by name. Adding one is a function of a case and a registry line."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal, get_args

import numpy as np
from jaxtyping import Float

from tombola.explain.metrics.case import Case
from tombola.registry import Registry

Compute = Callable[..., Float[np.ndarray, " n"]]
"""(case, **options) -> one number per image, NaN where it is missing; every option has a default."""

Family = Literal["faithfulness", "localisation", "recognition", "change", "shape"]
FAMILIES: Final[tuple[Family, ...]] = get_args(Family)


@dataclass(frozen=True)
class Metric:
    """A number about an explanation. Called with a case (and options), it returns one per image.

    Attributes
    ----------
    compute
        Case -> numbers.
    family
        ``faithfulness`` (does the network use what the map shows?), ``localisation`` (is it the object?), ``shape`` (of
        the map itself), ``change`` (from the dense network's map), ``recognition``.
    better
        Whether ``higher`` or ``lower`` values are better, or ``neither``.
    low, high
        Least and largest possible value.
    needs
        Parts of the case without which it is missing.
    scale_free
        Whether a map multiplied by a positive number has the same value.
    constant_missing
        Whether it is missing for constant maps; otherwise it has a value for them.
    """

    compute: Compute
    family: Family
    better: Literal["higher", "lower", "neither"]
    low: float = -inf
    high: float = inf
    needs: tuple[str, ...] = ()
    scale_free: bool = True
    constant_missing: bool = False

    def __call__(self, case: Case, **options: Any) -> Float[np.ndarray, " n"]:
        """Return one number per image; NaN where the case lacks what is needed."""
        if any(getattr(case, part) is None for part in self.needs):
            return np.full(len(case), np.nan)
        return self.compute(case, **options)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.compute.__doc__ or "").strip().partition("\n")[0]

    @property
    def options(self) -> dict[str, Any]:
        """What can be set, with its default."""
        parameters = list(inspect.signature(self.compute).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}


metrics: Registry[Metric] = Registry("explanation metric")


def metric_names() -> list[str]:
    """Return the names of all metrics, family by family."""
    return sorted(metrics, key=lambda name: (FAMILIES.index(metrics[name].family), name))


def measure(case: Case, names: Iterable[str] | None = None) -> dict[str, Float[np.ndarray, " n"]]:
    """Return metrics of a case, by default all, one number per image each.

    Raises
    ------
    TombolaError
        If there is no such metric.

    Examples
    --------
    >>> measure(case, ["gini", "deletion"])["gini"].mean()  # doctest: +SKIP
    """
    chosen = [(name, metrics[name]) for name in (metric_names() if names is None else names)]
    return {name: metric(case) for name, metric in chosen}

"""Analyses by name, as ``tombola analyse`` runs them: tables from networks, and figures of the tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tombola.analysis.material import NetworkView
from tombola.data.dataset import Dataset
from tombola.registry import Registry
from tombola.store import Run
from tombola.telling import Tell, silent


@dataclass(frozen=True)
class Result:
    """What an analysis came to.

    Attributes
    ----------
    tables
        Name -> table; each becomes a CSV file.
    notes
        Sentences a reader needs: which definition, which mask, which layers, n; what can and cannot be concluded.
    summary
        Name of the table that the command prints and the report shows; by default the first.
    more
        What figures need beside the tables (arrays).
    """

    tables: Mapping[str, pd.DataFrame]
    notes: Sequence[str] = ()
    summary: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Material:
    """What an analysis is given: networks; where it asks for them, the images and the runs they come from.

    `tell` hears how far it is.
    """

    views: Sequence[NetworkView]
    data: Dataset | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    runs: Sequence[Run] = ()
    tell: Tell = silent


@dataclass(frozen=True)
class Analysis:
    """An analysis as the registry keeps it.

    Attributes
    ----------
    compute
        Material -> result. Options it does not know are refused before it is called.
    figures
        Name -> function of the result that draws a whole figure, or None where there is nothing to draw.
    options
        Name -> (default, help text) of what it takes; the default's type is the option's.
    needs_data
        Whether it needs images.
    needs_runs
        Whether it needs the runs: how networks were trained.
    """

    compute: Callable[[Material], Result]
    figures: Mapping[str, Callable[[Result], Figure | None]] = field(default_factory=dict)
    options: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    needs_data: bool = False
    needs_runs: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.compute.__doc__ or "").strip().partition("\n")[0]


analyses: Registry[Analysis] = Registry("analysis")

"""Matrices of networks: how similar all pairs are."""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tombola.analysis.features.grouping import WHOLE
from tombola.plots.analyses.registry import Result

ABSENT = "#e4e7eb"
INK = "#1c2027"
NUMBERS = 12
"""Up to so many networks every cell has its number."""
NAMES = 40
TITLES = {
    "matched": "correlation of matched units",
    "cka_debiased": "linear CKA, debiased",
    "svcca": "SVCCA",
    "disagreement": "different answers",
}


def similarity(result: Result) -> Figure:
    """Return heat maps of all pairs of networks, means over layers: matched correlation, CKA, SVCCA, disagreement."""
    pairs, answers = result.tables["pairs"], result.tables["agreement"]
    conditions: dict[str, str] = result.more["conditions"]
    whole = pairs[pairs.layer == WHOLE]
    sources = {"matched": whole, "cka_debiased": whole, "svcca": whole, "disagreement": answers}
    labels, side = list(conditions), float(np.clip(0.36 * len(conditions) + 1.4, 2.8, 6.0))
    margin = 0.07 * max(map(len, short_labels(labels))) if len(labels) <= NAMES else 0.2
    figure = Figure(figsize=(2 * (side + 0.9) + margin, 2 * side + margin + 0.6), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for axes, (column, title) in zip(grid, TITLES.items(), strict=True):
        values = square(sources[column], column, labels)
        top = float(np.nanmax(values)) if column == "disagreement" and np.isfinite(values).any() else 1.0
        network_matrix(axes, values, conditions, title=title, top=top or 1.0)
    return figure


def square(table: pd.DataFrame, column: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """Return a column of pairs as a symmetric matrix; the diagonal is left out."""
    place = {label: number for number, label in enumerate(labels)}
    values = np.full((len(labels), len(labels)), np.nan)
    rows, columns = table.net_a.map(place).to_numpy(int), table.net_b.map(place).to_numpy(int)
    values[rows, columns] = values[columns, rows] = table[column].to_numpy(np.float64)
    return values


def network_matrix(
    axes: Axes, values: NDArray[np.float64], conditions: dict[str, str], *, title: str, top: float = 1.0
) -> None:
    """Draw a matrix of networks from 0 to `top`, with a colour bar; lines part conditions, the diagonal is grey."""
    norm = Normalize(0, top)
    colours = matplotlib.colormaps["cividis"].with_extremes(bad=ABSENT)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, norm=norm)
    labels = list(conditions)
    axes.set_title(title, loc="left")
    shown = range(len(labels)) if len(labels) <= NAMES else ()
    names = short_labels(labels) if shown else []
    axes.set_xticks(shown, names, rotation=90)
    axes.set_yticks(shown, names)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    for number, (one, two) in enumerate(pairwise(conditions.values()), start=1):
        if one != two:
            axes.axhline(number - 0.5, color="white", linewidth=2)
            axes.axvline(number - 0.5, color="white", linewidth=2)
    if len(labels) <= NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                dark = float(norm(value)) < 0.5
                text = f"{value:.2f}".replace("0.", ".", 1)
                axes.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else INK)
    if axes.figure is not None:
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.8, pad=0.03)
        bar.outline.set_visible(False)


def short_labels(labels: Sequence[str]) -> list[str]:
    """Return labels without the folders that all of them begin with.

    Examples
    --------
    >>> short_labels(["run/0/4", "run/1/4"])
    ['0/4', '1/4']
    """
    parts = [label.split("/") for label in labels]
    common = 0
    while all(len(part) > common + 1 for part in parts) and len({part[common] for part in parts}) == 1:
        common += 1
    return ["/".join(part[common:]) for part in parts] if len(labels) > 1 else list(labels)

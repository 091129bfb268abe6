"""Whole figures of mask overlap: heat maps beside chance, signs in common, survival over levels."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tombola.analysis.overlap.pairs import WHOLE
from tombola.plots.analyses.clusters_figures import short
from tombola.plots.analyses.registry import Result
from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK

NAMES, NUMBERS = 30, 12
"""Up to so many networks rows have names, and cells numbers."""
ABSENT = "#e4e7eb"
WIDEST, LETTERS = 12.0, 10
"""Inches of a panel over layers at most; names that need more letters per inch are slanted."""
TALLEST = 6
"""Layers that have heat maps of their own; the others are in the table."""


def overlap(result: Result) -> Figure:
    """Return Jaccard overlaps of all pairs beside what chance would give, for the whole network and each layer."""
    table, conditions = result.tables["pairs"], result.more["conditions"]
    labels = list(conditions)
    layers = [WHOLE, *(name for name in dict.fromkeys(table.layer) if name != WHOLE)][: 1 + TALLEST]
    side = float(np.clip(0.32 * len(labels) + 1.2, 2.6, 6.0))
    named = len(labels) <= NAMES
    margin = 0.075 * max(map(len, bare(labels))) if named else 0.2
    size = (2 * side + margin + 1.3, side * len(layers) + (margin if named else 0))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(layers), 2, squeeze=False, sharex=True, sharey=True)
    for row, layer in zip(grid, layers, strict=True):
        here = table[table.layer == layer]
        found, chance = (square(here, column, labels) for column in ("jaccard", "jaccard_expected"))
        top = float(np.nanmax([found, chance])) if np.isfinite(found).any() else 1.0
        name = "whole network" if layer == WHOLE else short(layer)
        for axes, values, words in zip(row, (found, chance), (name, "by chance"), strict=True):
            image = heat_map(axes, values, conditions, top)
            axes.set_title(words, loc="left")
        figure.colorbar(image, ax=list(row), shrink=0.8, pad=0.02, label="Jaccard overlap")
    return figure


def bare(labels: list[str]) -> list[str]:
    """Return labels without the run's name where all have the same."""
    runs = {label.partition("/")[0] for label in labels}
    return [label.partition("/")[2] or label for label in labels] if len(runs) == 1 else labels


def square(table: pd.DataFrame, column: str, labels: list[str]) -> NDArray[np.float64]:
    """Return a column of pairs as a symmetric matrix; the diagonal is left out."""
    place = {label: number for number, label in enumerate(labels)}
    values = np.full((len(labels), len(labels)), np.nan)
    rows, columns = table.network_a.map(place).to_numpy(), table.network_b.map(place).to_numpy()
    values[rows, columns] = values[columns, rows] = table[column].to_numpy(np.float64)
    return values


def heat_map(axes: Axes, values: NDArray[np.float64], conditions: Mapping[str, str], top: float) -> AxesImage:
    """Draw a matrix of overlaps from 0 to `top`; lines part conditions, the diagonal is grey."""
    norm, colours = Normalize(0, top), matplotlib.colormaps["viridis"].with_extremes(bad=ABSENT)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, norm=norm)
    labels, groups = bare(list(conditions)), list(conditions.values())
    if len(labels) <= NAMES:
        axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
        axes.set_yticks(range(len(labels)), labels, fontsize=7)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for place in range(1, len(groups)):
        if groups[place] != groups[place - 1]:
            axes.axhline(place - 0.5, color="white", lw=1.5)
            axes.axvline(place - 0.5, color="white", lw=1.5)
    if len(labels) <= NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if norm(value) < 0.6 else "#1c2027"
                text = f"{value:.2f}".removeprefix("0")
                axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=colour)
    return image


def signs(result: Result) -> Figure | None:
    """Return how often weights in common have the same sign, by layer and relation, beside chance."""
    table = result.tables["summary"].dropna(subset=["same_sign"])
    if table.empty:
        return None
    pairs = result.tables["pairs"].dropna(subset=["same_sign"])
    layers, relations = list(dict.fromkeys(table.layer)), list(dict.fromkeys(table.relation))
    width = float(np.clip(1.5 + 1.2 * len(layers), 5.0, WIDEST))
    figure = Figure(figsize=(width + 2.6, 3.6), layout="constrained")
    axes = figure.subplots()
    for number, relation in enumerate(relations):
        x = np.arange(len(layers)) + (number - (len(relations) - 1) / 2) * 0.2
        here = pairs[pairs.relation == relation].groupby("layer", sort=False)
        mean = here[["same_sign", "same_sign_expected"]].mean().reindex(layers)
        low, high = here.same_sign.min().reindex(layers), here.same_sign.max().reindex(layers)
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        ends = np.nan_to_num(np.stack([mean.same_sign - low, high - mean.same_sign]))
        axes.errorbar(x, mean.same_sign, np.maximum(ends, 0), fmt="o", ms=4, color=colour, label=relation)
        axes.plot(x, mean.same_sign_expected, "_", ms=12, color=colour)
    axes.plot([], [], "_", ms=12, color=SOFT_INK, label="by chance")
    names = ["whole network" if layer == WHOLE else short(layer) for layer in layers]
    slant = max(map(len, names)) * len(names) > LETTERS * width
    axes.set_xticks(range(len(names)), names, rotation=50 if slant else 0, ha="right" if slant else "center")
    axes.set_ylabel("same sign (mean, range of pairs)")
    axes.set_ylim(0, 1.03)
    axes.grid(axis="y", **GRID)
    figure.legend(loc="outside right upper")
    return figure


def survival(result: Result) -> Figure | None:
    """Return which share of each level's weights lives on to the last, by layer, beside chance; a panel a control."""
    table = result.tables.get("survival")
    if table is None:
        return None
    last = table[table.level_to == table.level_to.max()]
    families = list(last.groupby(["run", "control"], sort=False))
    figure = Figure(figsize=(4.6 * len(families) + 2.0, 3.6), layout="constrained")
    panels = figure.subplots(1, len(families), squeeze=False, sharey=True)[0]
    for axes, ((run, control), part) in zip(panels, families, strict=True):
        survival_lines(axes, part)
        axes.set_title(f"{run}" + ("" if control == "none" else f", {control}"), loc="left", fontsize="medium")
    panels[0].set_ylabel(f"share that is kept at level {int(table.level_to.max())}")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


def layer_colours(layers: list[str]) -> dict[str, str]:
    """Return a colour for each layer: distinct ones if there are enough, else dark to bright along the network."""
    if len(layers) <= len(RUN_COLOURS):
        return dict(zip(layers, RUN_COLOURS, strict=False))
    places = np.linspace(0, 0.95, len(layers))
    return dict(zip(layers, (to_hex(matplotlib.colormaps["viridis"](place)) for place in places), strict=True))


def survival_lines(axes: Axes, table: pd.DataFrame) -> None:
    """Draw survival to the last level against the level it counts from: mean and range of replicates, chance dashed."""
    colours = layer_colours([layer for layer in dict.fromkeys(table.layer) if layer != WHOLE])
    for layer, part in table.groupby("layer", sort=False):
        colour = colours.get(str(layer), SOFT_INK)
        by_level = part.groupby("level_from")
        mean = by_level[["survival", "by_chance"]].mean()
        name = "whole network" if layer == WHOLE else short(layer)
        axes.plot(mean.index, mean.survival, "o-", ms=3, color=colour, label=name)
        axes.fill_between(mean.index, by_level.survival.min(), by_level.survival.max(), color=colour, alpha=0.15, lw=0)
        axes.plot(mean.index, mean.by_chance, "--", lw=1, color=colour)
    axes.plot([], [], "--", lw=1, color=SOFT_INK, label="by chance")
    axes.set_xlabel("weights kept at level")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, 1.03)
    axes.grid(**GRID)

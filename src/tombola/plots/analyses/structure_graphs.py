"""Whole figures of how survivors connect layers: places, degrees, expansion."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.structure_frame import (
    DASHES,
    PLAIN,
    by_unit,
    chance_line,
    legend,
    parts,
    single,
)
from tombola.plots.analyses.violins import INK, colour_of, name_layers, violins
from tombola.plots.style import GRID

ACROSS = 4
WIDE = 60
"""Degrees beyond are drawn on a scale that is logarithmic above ten."""
RARE = 0.001
"""Shares of a random layer below this are not drawn."""


def positions(result: Result) -> Figure:
    """Return where along the input index survivors lie, by layer; 1 is an even spread."""
    table, conditions, layers = result.tables["positions"], *parts(result)[1:]
    figure = Figure(layout="constrained")
    grid = _grid(figure, layers, 2.1)
    for axes, layer in zip(grid, layers, strict=True):
        for number, condition in enumerate(conditions):
            part = table[(table.layer == layer) & (table.condition == condition)]
            if part.empty:
                continue
            found = part.groupby("place")[["share", "even"]].mean()
            edges = np.linspace(0, 1, len(found) + 1)
            axes.stairs(found.share / found.even, edges, color=colour_of(number), linewidth=1.2)
        axes.axhline(1, color=INK, linestyle=DASHES, linewidth=0.9)
        axes.set_title(layer.removesuffix(".weight"), loc="left", fontsize="small")
        axes.set_ylim(bottom=0)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    figure.supxlabel("Place in the unit: first input to last", fontsize="medium")
    figure.supylabel("Density, relative to its mean", fontsize="medium")
    legend(figure, conditions, [chance_line("even")], "upper")
    return figure


def degree_distributions(result: Result) -> Figure:
    """Return how many units have at least so many survivors, entering and leaving; dashes are a random layer."""
    from scipy.stats import binom

    table, conditions, layers = parts(result)
    every = result.tables["degrees"]
    figure = Figure(figsize=(6.4, 0.8 + 2.0 * len(layers)), layout="constrained")
    grid = figure.subplots(len(layers), 2, squeeze=False)
    for row, layer in zip(grid, layers, strict=True):
        for axes, direction in zip(row, ("in", "out"), strict=True):
            here = every[(every.layer == layer) & (every.direction == direction)]
            for number, condition in enumerate(conditions):
                part = here[here.condition == condition]
                if part.empty:
                    continue
                found = part.groupby("degree")["count"].sum()
                x, share = found.index.to_numpy(), found.to_numpy()[::-1].cumsum()[::-1] / found.sum()
                axes.step(np.r_[x, x[-1]], np.r_[share, 0], where="pre", color=colour_of(number), linewidth=1.3)
                own = table[(table.layer == layer) & (table.condition == condition)]
                places = np.arange(int(part.most.iloc[0]) + 2)
                random = binom.sf(places - 1, int(part.most.iloc[0]), float(own.density.mean()))
                seen = random > RARE
                axes.step(
                    np.r_[places[seen], places[seen][-1:]], np.r_[random[seen], 0], where="pre",
                    color=colour_of(number), linestyle=DASHES, linewidth=0.9, alpha=0.8,
                )  # fmt: skip
            if here.degree.max() > WIDE:
                axes.set_xscale("symlog", linthresh=10)
                axes.xaxis.set_major_formatter(PLAIN)
            else:
                axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.set_xlim(left=0)
            axes.set_ylim(0, 1.03)
            axes.grid(True, **GRID)
            axes.set_title(f"{layer.removesuffix('.weight')}, {direction}", loc="left", fontsize="small")
    figure.supxlabel("Survivors: entering a unit (left), leaving an input (right)", fontsize="medium")
    figure.supylabel("Share with so many or more", fontsize="medium")
    legend(figure, conditions, [chance_line("random layer")], "upper")
    return figure


def expansion(result: Result) -> Figure:
    """Return the Ramanujan gap of every layer's bipartite graph: 0 and above expands as well as any graph does."""
    table, conditions, layers = parts(result)
    figure, axes = single(layers, 3.0)
    axes.axhline(0, color=INK, linewidth=0.8)
    for number, condition in enumerate(conditions):
        part = table[table.condition == condition]
        found = part.groupby("layer", sort=False).ramanujan_gap.agg(["mean", "min", "max"]).reindex(layers)
        axes.plot(found["mean"], color=colour_of(number), marker="o", markersize=4, linewidth=1)
        axes.vlines(range(len(layers)), found["min"], found["max"], color=colour_of(number), linewidth=3, alpha=0.4)
    name_layers(axes, layers)
    axes.grid(True, axis="y", **GRID)
    axes.set_ylabel("Ramanujan gap")
    axes.set_title("Expansion of layers as bipartite graphs", loc="left")
    legend(figure, conditions, [])
    return figure


def _grid(figure: Figure, layers: Sequence[str], side: float) -> list[Axes]:
    columns = min(ACROSS, len(layers))
    rows = -(-len(layers) // columns)
    figure.set_size_inches(max(4.5, 1 + columns * side), 0.9 + rows * side * 0.85)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axes in grid[len(layers) :]:
        axes.remove()
    return list(grid[: len(layers)])


def betweenness(result: Result) -> Figure | None:
    """Return violins of the betweenness of hidden units, on a logarithmic scale; None where no unit has any."""
    table, conditions, _ = parts(result)
    units = result.tables["units"]
    living = units[units.betweenness > 0]
    layers = [layer for layer in dict.fromkeys(table.layer) if (living.layer == layer).any()]
    if not layers:
        return None
    figure, axes = single(layers, 3.4)
    violins(axes, layers, by_unit(result, "betweenness"), conditions, log=True)
    axes.set_ylabel("Betweenness")
    axes.set_title("Share of shortest paths through a unit (0 left out)", loc="left")
    legend(figure, conditions, [])
    return figure

"""Whole figures of how survivors lie: densities, distances, runs, degrees, expansion, by layer and condition."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullFormatter

from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.violins import INK, Values, colour_of, name_layers, violins
from tombola.plots.style import GRID

DASHES = (0, (1.5, 1))
ACROSS = 4
WIDE = 60
"""Degrees beyond are drawn on a scale that is logarithmic above ten."""
LETTERS, SAMPLE = 12, 7
"""Letters of a legend per inch, and what a colour beside a name takes."""
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def layer_density(result: Result) -> Figure:
    """Return densities over layers, a colour per condition: effective (solid) and on a path (dotted), means and range.

    Layers without survivors have no point; the scale is logarithmic.
    """
    table, conditions, layers = _parts(result)
    figure, axes = _figure(layers, 3.4)
    for number, condition in enumerate(conditions):
        part = table[table.condition == condition]
        for column, line in (("density", "-"), ("path_density", ":")):
            found = part.groupby("layer", sort=False)[column].agg(["mean", "min", "max"]).reindex(layers)
            found = found.where(found > 0)
            if found["mean"].isna().all():
                continue
            colour = colour_of(number)
            axes.plot(found["mean"], line, color=colour, marker="o" if line == "-" else "", markersize=4)
            if line == "-":
                axes.vlines(range(len(layers)), found["min"], found["max"], color=colour, linewidth=3, alpha=0.4)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(PLAIN)
    axes.set_ylabel("Density")
    axes.grid(True, axis="y", **GRID)
    name_layers(axes, layers)
    axes.set_title("Density per layer", loc="left")
    lines = [Line2D([], [], color=INK, label="effective"), Line2D([], [], color=INK, ls=":", label="on a path")]
    _legend(figure, conditions, lines)
    return figure


def weight_distances(result: Result) -> Figure:
    """Return violins of the mean distance between neighbouring survivors of units; dashes are random places."""
    _, conditions, layers = _parts(result)
    figure, axes = _figure(layers, 3.6)
    violins(axes, layers, _by_unit(result, "mean_gap"), conditions, chance=_chance(result, "mean_gap"), log=True)
    axes.yaxis.set_major_formatter(PLAIN)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("Mean distance of neighbours")
    axes.set_title("Distance between survivors of a unit, along the input index", loc="left")
    _legend(figure, conditions, [_chance_line("as many at random places")])
    return figure


def runs(result: Result) -> Figure:
    """Return violins of the number of runs per unit and of their mean size; dashes are random places."""
    _, conditions, layers = _parts(result)
    figure, (top, bottom) = _figures(layers, 2, 2.7)
    violins(top, layers, _by_unit(result, "runs"), conditions, chance=_chance(result, "runs"))
    top.set_yscale("symlog", linthresh=10)
    top.yaxis.set_major_formatter(PLAIN)
    top.set_ylim(bottom=-0.6)
    top.set_ylabel("Runs per unit")
    top.set_title("Runs of adjacent survivors", loc="left")
    violins(bottom, layers, _by_unit(result, "mean_run"), conditions, chance=_chance(result, "mean_run"))
    bottom.set_ylabel("Mean size of a run")
    _legend(figure, conditions, [_chance_line("as many at random places")])
    return figure


def run_signs(result: Result) -> Figure:
    """Return violins of the share of positive weights in the runs of units, means over their runs."""
    _, conditions, layers = _parts(result)
    figure, axes = _figure(layers, 3.2)
    half = {(layer, condition): 0.5 for layer in layers for condition in conditions}
    violins(axes, layers, _by_unit(result, "run_positive"), conditions, chance=half)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("Positive share")
    axes.set_title("Positive weights in runs", loc="left")
    _legend(figure, conditions, [_chance_line("one half")])
    return figure


def positions(result: Result) -> Figure:
    """Return where along the input index survivors lie, by layer; 1 is an even spread."""
    table, conditions, layers = result.tables["positions"], *_parts(result)[1:]
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
    _legend(figure, conditions, [_chance_line("even")], "upper")
    return figure


def degree_distributions(result: Result) -> Figure:
    """Return how many units have at least so many survivors, entering and leaving; dashes are a random layer."""
    from scipy.stats import binom

    table, conditions, layers = _parts(result)
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
                grid_x = np.arange(0, x[-1] + 2)
                random = binom.sf(grid_x - 1, int(part.most.iloc[0]), float(own.density.mean()))
                axes.plot(grid_x, random, color=colour_of(number), linestyle=DASHES, linewidth=0.9, alpha=0.8)
            if here.degree.max() > WIDE:
                axes.set_xscale("symlog", linthresh=10)
                axes.xaxis.set_major_formatter(PLAIN)
            axes.set_xlim(left=0)
            axes.set_ylim(0, 1.03)
            axes.grid(True, **GRID)
            axes.set_title(f"{layer.removesuffix('.weight')}, {direction}", loc="left", fontsize="small")
    figure.supxlabel("Survivors: entering a unit (left), leaving an input (right)", fontsize="medium")
    figure.supylabel("Share with so many or more", fontsize="medium")
    _legend(figure, conditions, [_chance_line("random layer")], "upper")
    return figure


def expansion(result: Result) -> Figure:
    """Return the Ramanujan gap of every layer's bipartite graph: 0 and above expands as well as any graph does."""
    table, conditions, layers = _parts(result)
    figure, axes = _figure(layers, 3.0)
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
    _legend(figure, conditions, [])
    return figure


def kernel_scores(result: Result) -> Figure | None:
    """Return violins of the graph scores of filters, for both kinds of neighbours; None without convolutions."""
    table, conditions, _ = _parts(result)
    layers = [*dict.fromkeys(table.layer[table.kernel_score.notna()])]
    if not layers:
        return None
    figure, panels = _figures(layers, 2, 2.7)
    for axes, column, words in zip(
        panels, ("kernel_score", "kernel_score_corners"), ("sides touch", "sides or corners touch"), strict=True
    ):
        violins(axes, layers, _by_unit(result, column), conditions, chance=_chance(result, column))
        axes.set_ylim(-0.04, 1.04)
        axes.set_ylabel("Graph score")
        axes.set_title(f"Kernels as graphs, mean per filter: {words}", loc="left")
    _legend(figure, conditions, [_chance_line("random kernels")])
    return figure


def _parts(result: Result) -> tuple[pd.DataFrame, list[str], list[str]]:
    table = result.tables["layers"]
    return table, [*dict.fromkeys(table.condition)], [*dict.fromkeys(table.layer)]


def _chance(result: Result, column: str) -> dict[tuple[str, str], float]:
    found = result.tables["layers"].groupby(["layer", "condition"], sort=False)[f"{column}_expected"].mean()
    return {(str(layer), str(condition)): float(value) for (layer, condition), value in found.items()}


def _by_unit(result: Result, column: str) -> dict[tuple[str, str], Values]:
    found = result.tables["units"].groupby(["layer", "condition"], sort=False)[column]
    return {(str(layer), str(condition)): part.to_numpy(np.float64) for (layer, condition), part in found}


def _width(layers: Sequence[str]) -> float:
    return float(np.clip(3.6 + 0.55 * len(layers), 5.6, 14.0))


def _figure(layers: Sequence[str], height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_width(layers), height), layout="constrained")
    return figure, figure.subplots()


def _figures(layers: Sequence[str], count: int, height: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(_width(layers), count * height), layout="constrained")
    return figure, list(figure.subplots(count, 1))


def _grid(figure: Figure, layers: Sequence[str], side: float) -> list[Axes]:
    columns = min(ACROSS, len(layers))
    rows = -(-len(layers) // columns)
    figure.set_size_inches(max(4.5, 1 + columns * side), 0.9 + rows * side * 0.85)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axes in grid[len(layers) :]:
        axes.remove()
    return list(grid[: len(layers)])


def _chance_line(words: str) -> Line2D:
    return Line2D([], [], color=INK, linestyle=DASHES, label=words)


def _legend(figure: Figure, conditions: Sequence[str], lines: Sequence[Line2D], where: str = "lower") -> None:
    patches = [Patch(color=colour_of(number), label=condition) for number, condition in enumerate(conditions)]
    lengths = [len(str(handle.get_label())) + SAMPLE for handle in (*patches, *lines)]
    room = int(figure.get_figwidth() * LETTERS)
    columns = len(lengths) if sum(lengths) <= room else max(1, room // max(lengths))
    figure.legend(handles=[*patches, *lines], loc=f"outside {where} center", ncols=columns)

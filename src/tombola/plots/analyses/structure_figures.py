"""Whole figures of how survivors lie in units: densities, distances, runs, kernels, by layer and condition."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.structure_frame import (
    PLAIN,
    by_unit,
    chance_line,
    chance_of,
    legend,
    parts,
    single,
    stacked,
)
from tombola.plots.analyses.violins import INK, colour_of, name_layers, violins
from tombola.plots.style import GRID


def layer_density(result: Result) -> Figure:
    """Return densities over layers, a colour per condition: effective (solid) and on a path (dotted), means and range.

    Layers without survivors have no point; the scale is logarithmic.
    """
    table, conditions, layers = parts(result)
    figure, axes = single(layers, 3.4)
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
    axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.yaxis.set_minor_formatter(PLAIN)
    axes.tick_params(axis="y", which="minor", labelsize="small")
    axes.set_ylabel("Density")
    axes.grid(True, axis="y", **GRID)
    name_layers(axes, layers)
    axes.set_title("Density per layer", loc="left")
    lines = [Line2D([], [], color=INK, label="effective"), Line2D([], [], color=INK, ls=":", label="on a path")]
    legend(figure, conditions, lines)
    return figure


def weight_distances(result: Result) -> Figure:
    """Return violins of the mean distance between neighbouring survivors of units; dashes are random places."""
    _, conditions, layers = parts(result)
    figure, axes = single(layers, 3.6)
    violins(axes, layers, by_unit(result, "mean_gap"), conditions, chance=chance_of(result, "mean_gap"), log=True)
    axes.yaxis.set_major_formatter(PLAIN)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("Mean distance of neighbours")
    axes.set_title("Distance between survivors of a unit, along the input index", loc="left")
    legend(figure, conditions, [chance_line("as many at random places")])
    return figure


def runs(result: Result) -> Figure:
    """Return violins of the number of runs per unit and of their mean size; dashes are random places."""
    _, conditions, layers = parts(result)
    figure, (top, bottom) = stacked(layers, 2, 2.7)
    violins(top, layers, by_unit(result, "runs"), conditions, chance=chance_of(result, "runs"))
    top.set_yscale("symlog", linthresh=10)
    top.yaxis.set_major_formatter(PLAIN)
    top.set_ylim(bottom=-0.6)
    top.set_ylabel("Runs per unit")
    top.set_title("Runs of adjacent survivors", loc="left")
    violins(bottom, layers, by_unit(result, "mean_run"), conditions, chance=chance_of(result, "mean_run"))
    bottom.set_ylabel("Mean size of a run")
    legend(figure, conditions, [chance_line("as many at random places")])
    return figure


def run_signs(result: Result) -> Figure:
    """Return violins of the share of positive weights in the runs of units, means over their runs."""
    _, conditions, layers = parts(result)
    figure, axes = single(layers, 3.2)
    half = {(layer, condition): 0.5 for layer in layers for condition in conditions}
    violins(axes, layers, by_unit(result, "run_positive"), conditions, chance=half)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("Positive share")
    axes.set_title("Positive weights in runs", loc="left")
    legend(figure, conditions, [chance_line("one half")])
    return figure


def kernel_scores(result: Result) -> Figure | None:
    """Return violins of the graph scores of filters, for both kinds of neighbours; None without convolutions."""
    table, conditions, _ = parts(result)
    layers = [*dict.fromkeys(table.layer[table.kernel_score.notna()])]
    if not layers:
        return None
    figure, panels = stacked(layers, 2, 2.7)
    for axes, column, words in zip(
        panels, ("kernel_score", "kernel_score_corners"), ("sides touch", "sides or corners touch"), strict=True
    ):
        violins(axes, layers, by_unit(result, column), conditions, chance=chance_of(result, column))
        axes.set_ylim(-0.04, 1.04)
        axes.set_ylabel("Graph score")
        axes.set_title(f"Kernels as graphs, mean per filter: {words}", loc="left")
    legend(figure, conditions, [chance_line("random kernels")])
    return figure

"""Whole figures of similar features: matrices of networks, correlation maps, curves of matched units, predictors."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tombola.analysis.features.grouping import WHOLE
from tombola.analysis.features.partners import Partners, bipartite_matching, reordered, semi_matching
from tombola.plots.analyses.features_matrices import ABSENT, INK, short_labels
from tombola.plots.analyses.registry import Result
from tombola.plots.analyses.violins import colour_of, name_layers
from tombola.plots.style import GRID, SOFT_INK, say
from tombola.plots.weight_colours import WEIGHT_MAP

SHOWN = 6
"""Layers that have correlation maps of their own, evenly spread."""
PAIRS = 6
"""Pairs of networks that have curves of their own."""
DASHES = (0, (1.5, 1))


def by_layer(result: Result) -> Figure:
    """Return matched correlation and CKA over layers by pair of conditions; dashes are matches with other images."""
    groups = result.tables["groups"]
    groups = groups[groups.layer != WHOLE]
    layers, names = [*dict.fromkeys(groups.layer)], [*dict.fromkeys(groups.group)]
    figure = Figure(figsize=(float(np.clip(4.4 + 0.45 * len(layers), 6, 14)), 5.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    for number, name in enumerate(names):
        part = groups[groups.group == name].set_index("layer").reindex(layers)
        line = "-" if bool(part.within.iloc[0]) else "--"
        for axes, column in ((top, "matched"), (bottom, "cka_debiased")):
            axes.plot(part[column], line, color=colour_of(number), marker="o", markersize=4, label=name)
        if "chance_matched" in part:
            top.plot(part.chance_matched, linestyle=DASHES, color=colour_of(number), linewidth=1, alpha=0.8)
    for axes, words in ((top, "Matched correlation"), (bottom, "Linear CKA, debiased")):
        axes.set_ylabel(words)
        axes.grid(True, axis="y", **GRID)
        axes.set_ylim(min(-0.02, axes.get_ylim()[0]), 1.02)
        name_layers(axes, layers)
    handles, labels = top.get_legend_handles_labels()
    if "chance_matched" in groups:
        handles, labels = [*handles, Line2D([], [], color=INK, linestyle=DASHES)], [*labels, "other images"]
    longest = max(map(len, labels), default=1) + 8
    columns = max(1, int(12 * figure.get_figwidth()) // longest)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, title="solid: within a condition")
    return figure


def correlations(result: Result) -> Figure | None:
    """Return correlation maps of the first pair, units as they come and matched, best first; None for one network."""
    found = result.more["correlations"]
    if not found:
        return None
    (pair, maps), *_ = found.items()
    names = spread([*maps])
    figure = Figure(figsize=(1.0 + 2.1 * len(names), 4.9), layout="constrained")
    grid = figure.subplots(2, len(names), squeeze=False)
    for (top, bottom), name in zip(grid.T, names, strict=True):
        correlation = maps[name]
        shown = reordered(correlation, bipartite_matching(correlation))[0]
        image = correlation_map(top, correlation)
        correlation_map(bottom, shown)
        top.set_title(name.removesuffix(".weight"), loc="left", fontsize="small")
    grid[0, 0].set_ylabel("units as they come")
    grid[1, 0].set_ylabel("matched, best first")
    figure.colorbar(image, ax=list(grid.ravel()), shrink=0.7, pad=0.02, label="correlation")
    figure.suptitle(" and ".join(pair) + " (grey: dead units)")
    return figure


def correlation_map(axes: Axes, correlation: NDArray[np.float64]) -> matplotlib.image.AxesImage:
    """Draw correlations of units from -1 to 1: red where they rise together; dead units are grey."""
    colours = WEIGHT_MAP.with_extremes(bad=ABSENT)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes.imshow(np.ma.masked_invalid(correlation), cmap=colours, norm=Normalize(-1, 1), interpolation="nearest")


def curves(result: Result) -> Figure | None:
    """Return sorted correlations of units, a row per pair: each unit's best, one-to-one, and with other images."""
    found = dict(list(result.more["correlations"].items())[:PAIRS])
    if not found:
        return None
    names = spread([*next(iter(found.values()))])
    figure = Figure(figsize=(1.2 + 2.3 * len(names), 0.9 + 2.1 * len(found)), layout="constrained")
    grid = figure.subplots(len(found), len(names), squeeze=False, sharey=True)
    shown = short_labels([label for pair in found for label in pair])
    for number, (row, (pair, maps)) in enumerate(zip(grid, found.items(), strict=True)):
        for axes, name in zip(row, names, strict=True):
            chance = result.more["chance"].get(pair, {}).get(name)
            matched_curves(axes, maps[name], chance)
            axes.set_title(name.removesuffix(".weight"), loc="left", fontsize="small")
        row[0].set_ylabel("\n".join(shown[2 * number : 2 * number + 2]), fontsize="x-small")
    figure.supxlabel("Units, sorted", fontsize="medium")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def matched_curves(axes: Axes, correlation: NDArray[np.float64], chance: NDArray[np.float64] | None = None) -> None:
    """Draw correlations of semi-matched and matched units in falling order, and of matched ones for other images."""
    for label, partners, colour, line in (
        ("each unit's best", semi_matching(correlation), "#0072b2", "-"),
        ("one-to-one", bipartite_matching(correlation), "#d55e00", "-"),
        *([("one-to-one, other images", bipartite_matching(chance), INK, DASHES)] if chance is not None else []),
    ):
        values = _falling(partners)
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, linestyle=line, linewidth=1.3, label=label)
    axes.axhline(0, color=SOFT_INK, linewidth=0.6)
    axes.set_xlim(0, max(len(correlation), 2))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(True, **GRID)
    if np.isnan(correlation).all():
        say(axes, "no living units", 20)


def mean_activations(result: Result) -> Figure:
    """Return mean activations of units in falling order by layer, a line per network."""
    table, conditions = result.tables["units"], result.more["conditions"]
    names = spread([*dict.fromkeys(table.layer)])
    order = [*dict.fromkeys(conditions.values())]
    figure = Figure(figsize=(1.2 + 2.4 * len(names), 2.9), layout="constrained")
    grid = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(grid, names, strict=True):
        for label, condition in conditions.items():
            values = table.mean_activation[(table.layer == name) & (table.network == label)]
            values = values.sort_values(ascending=False)
            axes.plot(
                np.arange(1, len(values) + 1), values, color=colour_of(order.index(condition)), linewidth=1.1, alpha=0.8
            )
        axes.set_title(name.removesuffix(".weight"), loc="left", fontsize="small")
        axes.grid(True, **GRID)
    grid[0].set_ylabel("Mean activation")
    lines = [Line2D([], [], color=colour_of(number), label=condition) for number, condition in enumerate(order)]
    figure.legend(handles=lines, loc="outside upper center", ncols=max(1, int(figure.get_figwidth() // 2)))
    return figure


def predictors(result: Result) -> Figure | None:
    """Return the variance of units that few units of another network explain, on images not fitted on."""
    table = result.tables.get("prediction")
    if table is None or table.empty:
        return None
    layers = [*dict.fromkeys(table.layer)]
    pairs = [*dict.fromkeys(zip(table.net_a, table.net_b, strict=True))]
    figure = Figure(figsize=(2.6 * min(len(pairs), 3) + 1.4, 2.6 * -(-len(pairs) // 3) + 0.7), layout="constrained")
    grid = figure.subplots(-(-len(pairs) // 3), min(len(pairs), 3), squeeze=False, sharey=True, sharex=True).ravel()
    colours = matplotlib.colormaps["plasma"](np.linspace(0, 0.85, len(layers)))
    shown = short_labels([label for pair in pairs for label in pair])
    for number, (axes, (one, two)) in enumerate(zip(grid, pairs, strict=False)):
        for colour, layer in zip(colours, layers, strict=True):
            part = table[(table.net_a == one) & (table.net_b == two) & (table.layer == layer)]
            name = layer.removesuffix(".weight")
            axes.plot(part.predictors, part.held_out, color=colour, marker="o", markersize=3, label=name)
        title = "\npredicts ".join(shown[2 * number : 2 * number + 2])
        axes.set_title(title, loc="left", fontsize="x-small")
        axes.axhline(0, color=SOFT_INK, linewidth=0.6)
        axes.set_ylim(-0.25, 1.02)
        axes.grid(True, **GRID)
    for axes in grid[len(pairs) :]:
        axes.remove()
    figure.supxlabel("Predictors", fontsize="medium")
    figure.supylabel("Variance explained, other images", fontsize="medium")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right upper", title="layer")
    return figure


def spread(names: Sequence[str], most: int = SHOWN) -> list[str]:
    """Return at most so many of some layers, evenly spread, first and last among them."""
    places = np.unique(np.round(np.linspace(0, len(names) - 1, min(most, len(names)))).astype(int))
    return [names[place] for place in places]


def _falling(partners: Partners) -> NDArray[np.float64]:
    return np.sort(partners.value[~np.isnan(partners.value)])[::-1]

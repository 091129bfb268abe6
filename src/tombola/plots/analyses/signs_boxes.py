"""Box plots: distances of pair sets beside their floor, and dead units."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from tombola.analysis.signs.distances import JOINT, Distances
from tombola.analysis.signs.pair_sets import PairSet
from tombola.analysis.signs.table import VARIABLES
from tombola.plots.analyses.signs_grids import condition_colours, layer_name, short_names
from tombola.plots.analyses.unit_grid import LABELS
from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK, say

NAMES = {"within_WTs": "tickets, same", "between_WTs_and_RSN": "tickets and random"}
NAMES |= {"between_WT_datasets": "tickets, across", "within_conditions": "all, same"}


def distance_boxes(figure: Figure, found: Distances, sets: Sequence[PairSet], measure: str, title: str = "") -> None:
    """Draw the distances of pair sets by one measure: variables down, layers across, a box each.

    A short bar beside each box marks the mean of the pairs' finite-sample floors: what chance alone gives.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    found
        Distances.
    sets
        Pair sets, in order.
    measure
        Which measure.
    title
        Above.
    """
    layers = list(dict.fromkeys(layer for layer, _, name in found.cells if name == measure))
    variables = [v for v in (*VARIABLES, JOINT) if any((layer, v, measure) in found.cells for layer in layers)]
    figure.set_size_inches(max(5.0, 1.6 + 3.1 * len(layers)), 1.5 + max(1.3, 0.24 * len(sets) + 0.5) * len(variables))
    if not layers:
        say(figure.subplots(), f"No distances by {measure}.")
        return
    axes = figure.subplots(len(variables), len(layers), squeeze=False, sharey=True)
    for (line, column), here in np.ndenumerate(axes):
        _boxes(here, found, sets, (layers[column], variables[line], measure))
        if line == 0:
            here.set_title(layer_name(layers[column]))
        if column == 0:
            here.set_ylabel(LABELS.get(variables[line], variables[line]))
    axes[0, 0].set_yticks(np.arange(len(sets)), _names(sets), fontsize=7)
    axes[0, 0].invert_yaxis()
    figure.suptitle(title or f"Distances by {measure}")
    if found.splits:
        mark = Line2D([], [], color=RUN_COLOURS[1], marker="|", ms=8, mew=1.6, ls="", label="mean floor")
        figure.legend(handles=[mark], loc="outside lower right")


def dead_boxes(figure: Figure, networks: pd.DataFrame) -> None:
    """Draw the dead units of networks as boxes by condition, a panel per layer; a line under it names the kinds.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    networks
        What `edge_pooled` returns.
    """
    layers = list(dict.fromkeys(networks.layer))
    colours = condition_colours(networks.condition)
    columns = min(4, len(layers)) or 1
    lines = -(-len(layers) // columns) or 1
    figure.set_size_inches(2.6 * columns + 0.8, 0.9 + lines * (1.1 + 0.3 * len(colours)))
    axes = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for here, layer in zip(axes.ravel(), layers, strict=False):
        rows = networks[networks.layer == layer]
        parts = [rows[rows.condition == name] for name in colours]
        _horizontal(here, [part.dead.to_numpy(np.float64) for part in parts], list(colours.values()))
        here.set_title(f"{layer_name(layer)}: {int(rows.units.max())} units", fontsize="small")
        here.set_xlim(0, max(1.0, 1.08 * float(rows.dead.max())))
        here.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        here.set_xlabel("dead units", fontsize=7.5)
        total = rows[["dead_no_incoming", "dead_no_outgoing", "dead_both"]].sum()
        text = f"in {total.iloc[0]}, out {total.iloc[1]}, both {total.iloc[2]}"
        here.text(0.98, 0.02, text, transform=here.transAxes, ha="right", va="bottom", fontsize=6, color=SOFT_INK)
    for here in axes.ravel()[len(layers) :]:
        here.set_axis_off()
    axes[0, 0].set_yticks(np.arange(len(colours)), list(short_names(list(colours)).values()), fontsize=7)
    axes[0, 0].invert_yaxis()
    figure.suptitle("Units without a kept weight on one side, per network")


def _boxes(axes: Axes, found: Distances, sets: Sequence[PairSet], key: tuple[str, str, str]) -> None:
    values, floors = [], []
    for each in sets:
        a, b = each.pairs(found.conditions)
        matrices = found.cells[key]
        known = ~np.isnan(matrices.values[a, b]) & np.isfinite(matrices.values[a, b])
        values.append(matrices.values[a, b][known])
        floor = matrices.floor_mean[a, b][known]
        floors.append(float(np.nanmean(floor)) if np.isfinite(floor).any() else np.nan)
    colours = [RUN_COLOURS[0] if all(a == b for a, b in each.blocks) else SOFT_INK for each in sets]
    _horizontal(axes, values, colours)
    if not any(len(part) for part in values):
        axes.text(0.5, 0.5, "no distances", transform=axes.transAxes, ha="center", va="center", color=SOFT_INK)
        return
    axes.plot(floors, np.arange(len(sets)), ls="", marker="|", ms=8, mew=1.6, color=RUN_COLOURS[1], zorder=5)
    axes.set_xlim(left=0)


def _horizontal(axes: Axes, values: Sequence[np.ndarray], colours: Sequence[str]) -> None:
    axes.grid(True, axis="x", **GRID)
    axes.tick_params(labelsize=7)
    there = [i for i, part in enumerate(values) if len(part)]
    if not there:
        return
    drawn = axes.boxplot(
        [values[i] for i in there],
        positions=there,
        orientation="horizontal",
        widths=0.6,
        manage_ticks=False,
        flierprops={"marker": ".", "markersize": 2, "alpha": 0.5},
        medianprops={"lw": 1.4},
    )
    for part, per_box in (("boxes", 1), ("medians", 1), ("whiskers", 2), ("caps", 2)):
        for i, line in enumerate(drawn[part]):
            line.set_color(colours[there[i // per_box]])
    axes.set_ylim(-0.6, len(values) - 0.4)


def _names(sets: Sequence[PairSet]) -> list[str]:
    """Return what pair sets are called in pictures: by their conditions, collectives by name."""
    short = short_names(list(dict.fromkeys(condition for each in sets for condition in each.conditions)))
    return [
        NAMES.get(each.name, each.name)
        if len(each.blocks) > 1
        else " and ".join(dict.fromkeys(short[condition] for condition in each.conditions))
        for each in sets
    ]

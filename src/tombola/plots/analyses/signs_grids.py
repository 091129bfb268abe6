"""Pair grids and densities of sign distributions, by condition."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tombola.analysis.signs.table import VARIABLES, alive, hidden
from tombola.plots.analyses.unit_grid import LABELS, density_contours
from tombola.plots.style import GRID, RUN_COLOURS, say

FEW = 30
"""Variables with fewer distinct values are drawn as points, how often each occurs, instead of as densities."""
GRID_SIZE = 4.6
MARGINS = {"left": 0.13, "right": 0.97, "bottom": 0.11, "top": 0.92, "wspace": 0.1, "hspace": 0.1}
"""Where panels lie in a grid: fixed, since a layout solver takes many times longer than drawing its 16 panels."""
BINS = 30
MESH = 400
LETTERS = 26
"""Of a condition's name."""


def condition_colours(conditions: Iterable[str]) -> dict[str, str]:
    """Return a colour for every condition, in order."""
    return {name: RUN_COLOURS[i % len(RUN_COLOURS)] for i, name in enumerate(dict.fromkeys(conditions))}


def short_names(conditions: Sequence[str]) -> dict[str, str]:
    """Return what conditions are called in pictures: without the run's name that all begin with, shortened.

    Examples
    --------
    >>> short_names(["lenet", "lenet, reinit"]), short_names(["a", "b"])
    ({'lenet': 'ticket', 'lenet, reinit': 'reinit'}, {'a': 'a', 'b': 'b'})
    """
    heads = {name.partition(", ")[0] for name in conditions}
    if len(heads) == 1 and len(conditions) > 1:
        return {name: _short(name.partition(", ")[2] or "ticket") for name in conditions}
    return {name: _short(name) for name in conditions}


def layer_name(layer: str) -> str:
    """Return a layer's name as pictures show it."""
    return layer.removesuffix(".weight")


def pair_grids(figure: Figure, table: pd.DataFrame, title: str = "") -> None:
    """Draw a pair grid of the four variables for every layer: scatter, density of all units, histograms.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    table
        A sign table; units of several networks are pooled, conditions have colours.
    title
        Above all.
    """
    rows = alive(hidden(table))
    layers = list(dict.fromkeys(hidden(table).layer))
    columns = min(2, len(layers)) or 1
    lines = -(-len(layers) // columns) or 1
    bands = {"head": 0.35 if title else 0.05, "grids": GRID_SIZE * lines, "foot": 0.5}
    figure.set_size_inches(GRID_SIZE * columns, sum(bands.values()))
    colours = condition_colours(table.condition)
    if not layers:
        say(figure.subplots(), "No layer has weights on both sides of its units.")
        return
    figure.set_layout_engine("none")
    head, body, foot = figure.subfigures(len(bands), 1, squeeze=False, height_ratios=[*bands.values()]).ravel()
    head.suptitle(title, y=0.5, va="center")
    for part, layer in zip(np.ravel(body.subfigures(lines, columns, squeeze=False)), layers, strict=False):
        _grid(part, rows[rows.layer == layer], colours, layer_name(layer))
    if len(colours) > 1:
        _legend(foot, colours, "center")


def densities(figure: Figure, table: pd.DataFrame) -> None:
    """Draw the distribution of every variable in every layer by condition: variables down, layers across.

    Densities are kernel estimates over the pooled living units; a variable with fewer than 30 distinct values in a
    layer is drawn as points, the share of units that have each value.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    table
        A sign table.
    """
    rows = alive(hidden(table))
    layers = list(dict.fromkeys(hidden(table).layer))
    colours = condition_colours(table.condition)
    figure.set_size_inches(max(4.5, 3.1 * len(layers)), 8.6)
    if not layers:
        say(figure.subplots(), "No layer has weights on both sides of its units.")
        return
    axes = figure.subplots(len(VARIABLES), len(layers), squeeze=False)
    for (line, column), here in np.ndenumerate(axes):
        variable, layer = VARIABLES[line], layers[column]
        part = rows[rows.layer == layer]
        _density(here, {name: part[part.condition == name][variable] for name in colours}, colours)
        if line == 0:
            here.set_title(layer_name(layer))
        if column == 0:
            here.set_ylabel(LABELS[variable])
        here.tick_params(labelsize=7)
        here.grid(True, **GRID)
    _legend(figure, colours)


def _density(axes: Axes, parts: Mapping[str, pd.Series], colours: Mapping[str, str]) -> None:
    from scipy.stats import gaussian_kde

    known = {name: part.dropna().to_numpy(np.float64) for name, part in parts.items()}
    pooled = np.concatenate(list(known.values()))
    if not len(pooled):
        say(axes, "no living units", 20)
        return
    points = len(np.unique(pooled)) < FEW
    for name, values in known.items():
        if not len(values):
            continue
        if points or np.ptp(values) == 0:
            at, counts = np.unique(values, return_counts=True)
            axes.plot(at, counts / len(values), "o:", ms=3, lw=0.8, color=colours[name])
        else:
            at = np.linspace(*_range(pooled), MESH)
            axes.plot(at, gaussian_kde(values)(at), lw=1.2, color=colours[name])
    axes.set_xlim(*_range(pooled))
    axes.set_ylim(bottom=0)
    axes.annotate("share" if points else "density", (0.02, 0.97), xycoords="axes fraction", va="top", fontsize=6.5)


def _grid(figure: SubFigure, rows: pd.DataFrame, colours: Mapping[str, str], title: str) -> None:
    figure.suptitle(f"{title}: {len(rows):,} units", fontsize="medium")
    axes: NDArray[np.object_] = figure.subplots(len(VARIABLES), len(VARIABLES), gridspec_kw=MARGINS)
    mixed = rows.iloc[np.random.default_rng(0).permutation(len(rows))]  # so that no condition covers the others
    for (line, column), here in np.ndenumerate(axes):
        x, y = VARIABLES[column], VARIABLES[line]
        here.tick_params(labelsize=6, length=2)
        here.xaxis.set_major_locator(MaxNLocator(3, prune="both"))
        here.set_xlim(*_range(rows[x].to_numpy(np.float64)))
        if line == column:
            here.set_yticks([])
            for name, colour in colours.items():
                values = rows[rows.condition == name][x].dropna()
                if len(values):
                    here.hist(values, BINS, range=here.get_xlim(), density=True, histtype="step", color=colour, lw=1)
        else:
            here.set_ylim(*_range(rows[y].to_numpy(np.float64)))
        if line > column:
            here.scatter(mixed[x], mixed[y], s=3, lw=0, alpha=0.5, c=mixed.condition.map(colours), rasterized=True)
        elif line < column:
            density_contours(here, rows[x].to_numpy(np.float64), rows[y].to_numpy(np.float64))
        here.tick_params(labelbottom=line == len(VARIABLES) - 1, labelleft=column == 0 and line > 0)
        if line == len(VARIABLES) - 1:
            here.set_xlabel(LABELS[x], fontsize=7.5)
        if column == 0:
            here.set_ylabel(LABELS[y], fontsize=7.5)


def _legend(
    figure: FigureBase,
    colours: Mapping[str, str],
    place: Literal["center", "outside lower center"] = "outside lower center",
) -> None:
    labels = short_names(list(colours)).values()
    handles = [
        Line2D([], [], color=colour, label=label) for colour, label in zip(colours.values(), labels, strict=True)
    ]
    figure.legend(handles=handles, loc=place, ncols=min(4, len(handles)))


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.05 * (high - low) or 0.02
    return low - room, high + room

"""Distances between networks on given axes: matrices, boxes by condition, before and after alignment."""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.image import AxesImage

from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK, say
from tombola.plots.weight_colours import WEIGHT_MAP

NUMBERS = 16
"""Up to so many networks every cell has its number."""
NAMES = 40
"""Up to so many networks every row has its name."""
DARK = 0.5
INK = "#1c2027"
ABSENT = "#e4e7eb"
FAR = 10.0
"""Beyond so many null standard deviations colours do not change any more."""
SEVERAL = 3
"""Fewer values than this are drawn as points only."""


def distance_matrix(
    axes: Axes, matrix: pd.DataFrame, *, title: str = "", groups: Sequence[str] = (), z_scores: bool = False
) -> AxesImage:
    """Draw a symmetric matrix: distances from 0 to 1, or z-scores around 0.

    Parameters
    ----------
    axes
        Where.
    matrix
        Networks in rows and columns.
    title
        Above.
    groups
        Condition of each network; lines separate neighbours of different ones.
    z_scores
        Whether values are z-scores: blue where networks are closer than their null, red where they are further apart.
    """
    values = matrix.to_numpy(np.float64).copy()
    count = len(values)
    np.fill_diagonal(values, np.nan if z_scores else 0)
    norm: Normalize = TwoSlopeNorm(0, -FAR, FAR) if z_scores else Normalize(0, 1)
    colours = (WEIGHT_MAP if z_scores else matplotlib.colormaps["cividis"]).with_extremes(bad=ABSENT)
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, norm=norm)
    if title:
        axes.set_title(title, loc="left")
    shown = range(count) if count <= NAMES else ()
    axes.set_xticks(shown, [str(matrix.columns[i]) for i in shown], rotation=90)
    axes.set_yticks(shown, [str(matrix.index[i]) for i in shown])
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    for place in range(1, len(groups)) if np.isfinite(values).any() else ():
        if groups[place] != groups[place - 1]:
            axes.axhline(place - 0.5, color="white", linewidth=2)
            axes.axvline(place - 0.5, color="white", linewidth=2)
    if z_scores and np.isnan(values).all():
        say(axes, "this null model leaves what the distance looks at as it is", 30)
    elif count <= NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            if row != column:
                _number(axes, column, row, value, norm, z_scores)
    return image


def distance_boxes(axes: Axes, table: pd.DataFrame, *, column: str = "value", title: str = "") -> None:
    """Draw one box per pair of conditions, all pairs as points; few pairs as points only.

    Parameters
    ----------
    axes
        Where.
    table
        Rows of one entry and layer of a pair table, with a column ``group``.
    column
        What is drawn.
    title
        Above.
    """
    names = [*dict.fromkeys(table.group)]
    if title:
        axes.set_title(title, loc="left")
    axes.grid(True, axis="y", **GRID)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)
    known = False
    for place, name in enumerate(names):
        values = table.loc[table.group == name, column].to_numpy(np.float64)
        values = values[~np.isnan(values)]
        colour = RUN_COLOURS[place % len(RUN_COLOURS)]
        known = known or len(values) > 0
        if len(values) >= SEVERAL:
            axes.boxplot(
                values,
                positions=[place],
                widths=0.55,
                manage_ticks=False,
                showfliers=False,
                medianprops={"color": INK},
                boxprops={"color": colour},
                whiskerprops={"color": colour},
                capprops={"color": colour},
            )
        spread = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(len(values))
        axes.plot(place + spread, values, "o", color=colour, markersize=3.5, alpha=0.75, markeredgewidth=0)
    if not known:
        say(axes, "no pair has a distance here")


def before_and_after(axes: Axes, table: pd.DataFrame, layers: Sequence[str], *, title: str = "") -> None:
    """Draw mean unit distances per layer, units in the order they have (hollow) and matched (full), a line per group.

    Parameters
    ----------
    axes
        Where.
    table
        Rows of one entry of a pair table, with a column ``group``.
    layers
        Layers, in order.
    title
        Above.
    """
    groups = [*dict.fromkeys(table.group)]
    for number, group in enumerate(groups):
        part = table[table.group == group].groupby("layer")[["unordered", "mean"]].mean().reindex(layers)
        x = np.arange(len(layers)) + (number - (len(groups) - 1) / 2) * 0.7 / max(len(groups), 1)
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        axes.vlines(x, part["mean"], part["unordered"], color=colour, linewidth=1.2, alpha=0.7)
        axes.plot(x, part["unordered"], "o", markerfacecolor="white", color=colour, markersize=4.5)
        axes.plot(x, part["mean"], "o", color=colour, markersize=4.5, label=group)
    axes.set_xticks(range(len(layers)), [short(layer) for layer in layers], rotation=40, ha="right")
    axes.set_ylabel("mean unit distance")
    axes.grid(True, axis="y", **GRID)
    if title:
        axes.set_title(title, loc="left")


def z_by_group(axes: Axes, table: pd.DataFrame, columns: Mapping[str, str], *, title: str = "") -> None:
    """Draw z-scores of all pairs by pair of conditions, a marker per null model; the band is what chance gives.

    Parameters
    ----------
    axes
        Where.
    table
        Rows of one entry and layer of a pair table, with a column ``group``.
    columns
        Null model -> column of its z-scores.
    title
        Above.
    """
    names = [*dict.fromkeys(table.group)]
    axes.axhspan(-2, 2, color=ABSENT, zorder=0)
    axes.axhline(0, color=SOFT_INK, linewidth=0.8)
    for number, (model, column) in enumerate(columns.items()):
        offset = (number - (len(columns) - 1) / 2) * 0.6 / max(len(columns), 1)
        x = [names.index(group) + offset for group in table.group]
        axes.plot(
            x, table[column], "osD^"[number % 4], color=RUN_COLOURS[number], markersize=4, alpha=0.75, label=model
        )
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)
    axes.set_yscale("symlog", linthresh=3)
    axes.margins(y=0.08)
    axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel("z: null standard deviations")
    axes.grid(True, axis="y", **GRID)
    if title:
        axes.set_title(title, loc="left")


def short(layer: str) -> str:
    """Return a layer's name as axes show it."""
    return layer.removesuffix(".weight")


def _number(axes: Axes, x: int, y: int, value: float, norm: Normalize, z_scores: bool) -> None:
    absent = np.isnan(value)
    place = 0.5 if absent else float(norm(value))
    dark = not absent and (abs(place - 0.5) > 0.3 if z_scores else place < DARK)
    text = "\N{EN DASH}" if absent else (f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}") if z_scores else ""
    text = text or f"{value:.2f}".removeprefix("0")
    axes.text(x, y, text, ha="center", va="center", fontsize=7, color="white" if dark else INK)

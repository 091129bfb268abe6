"""Pictures of structure: what the first layer looks at, the commonest supports of kernels."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tombola.plots.analyses.registry import Result
from tombola.plots.style import SOFT_INK
from tombola.plots.weight_colours import COUNT_MAP, WEIGHT_MAP, weight_norm

SUPPORT_MAP = ListedColormap(["#1c2027", "#f2c14e"])
"""Pruned dark, kept yellow, whatever else is in the picture: a full kernel never looks like an empty one."""
SUPPORT_NORM = BoundaryNorm([0, 0.5, 1], 2)
ACROSS = 10
MAPS = 6
"""Networks with maps of their own, at most."""


def first_layer(result: Result) -> Figure | None:
    """Return the first layer's weights summed over units, and its survivors counted, as images; None without images.

    The first network of each condition; the weights' colours are each map's own, white at 0. Of images in colour all
    channels are shown, side by side.
    """
    maps: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = result.more.get("maps", {})
    if not maps:
        return None
    shown = list(maps.items())[:MAPS]
    channels = max(len(weights) for _, (weights, _) in shown)
    figure = Figure(figsize=(1.2 + 2.3 * len(shown) * min(channels, 3), 5.0), layout="constrained")
    grid = figure.subplots(2, len(shown) * channels, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    most = max(float(counts.max()) for _, (_, counts) in shown) or 1.0
    for number, (condition, (weights, counts)) in enumerate(shown):
        norm = weight_norm(weights)
        for channel in range(len(weights)):
            top, bottom = grid[:, number * channels + channel]
            picture = top.imshow(weights[channel], cmap=WEIGHT_MAP, norm=norm, interpolation="nearest")
            count = bottom.imshow(counts[channel], cmap=COUNT_MAP, vmin=0, vmax=most, interpolation="nearest")
            if channel == 0:
                top.set_title(_short(condition), loc="left", fontsize="small")
        figure.colorbar(
            picture, ax=list(grid[0, number * channels : number * channels + len(weights)]), shrink=0.7, pad=0.02
        )
    figure.colorbar(count, ax=list(grid[1]), shrink=0.7, pad=0.02)
    grid[0, 0].text(-0.08, 0.5, "sum of weights", transform=grid[0, 0].transAxes, rotation=90, ha="right", va="center")
    grid[1, 0].text(-0.08, 0.5, "survivors", transform=grid[1, 0].transAxes, rotation=90, ha="right", va="center")
    figure.suptitle("What the first layer looks at")
    return figure


def kernel_supports(result: Result) -> Figure | None:
    """Return the commonest supports of kernels by condition, with how often they occur and would by chance.

    The first network of each condition; None without convolutions.
    """
    table = result.tables.get("supports", pd.DataFrame())
    if table.empty:
        return None
    firsts = [part.network.iloc[0] for _, part in table.groupby("condition", sort=False)][:MAPS]
    most = int(table["rank"].max())
    columns = min(ACROSS, most)
    rows = -(-most // columns)
    figure = Figure(figsize=(0.6 + 0.95 * columns, len(firsts) * (0.45 + 1.32 * rows)), layout="constrained")
    parts = figure.subfigures(len(firsts), 1, squeeze=False).ravel()
    for number, (part, network) in enumerate(zip(parts, firsts, strict=True)):
        found = table[table.network == network]
        grid = part.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.axis("off")
        for axes, (_, row) in zip(grid, found.iterrows(), strict=False):
            support_picture(axes, str(row.support), int(row["count"]), float(row.expected))
        title = f"{found.condition.iloc[0]}: {int(found.kernels.iloc[0]):,} kernels"
        title += " (yellow: kept; below: how many, and in brackets by chance)" if number == 0 else ""
        part.suptitle(title, x=0.01, ha="left", fontsize="small")
    return figure


def support_picture(axes: Axes, bits: str, count: int, expected: float) -> None:
    """Draw one support, kept weights yellow, with its count and what chance gives below."""
    pattern = np.array([[int(bit) for bit in row] for row in bits.split("/")])
    axes.imshow(pattern, cmap=SUPPORT_MAP, norm=SUPPORT_NORM, interpolation="nearest")
    for edge in range(1, len(pattern)):
        axes.axhline(edge - 0.5, color=SOFT_INK, linewidth=0.5)
    for edge in range(1, pattern.shape[1]):
        axes.axvline(edge - 0.5, color=SOFT_INK, linewidth=0.5)
    axes.text(
        0.5, -0.06, f"{count:,}\n({_number(expected)})", transform=axes.transAxes, ha="center", va="top", fontsize=7.5
    )


def chosen_maps(
    conditions: Sequence[str], maps: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]] | None]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return the first map of every condition that has one."""
    found: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    for condition, each in zip(conditions, maps, strict=True):
        if each is not None:
            found.setdefault(condition, each)
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _short(text: str, letters: int = 30) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"

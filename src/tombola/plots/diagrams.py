"""Diagrams of how weights are counted: channels behind a flattening, runs of survivors, kernels as graphs."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from tombola.analysis.structure import find_runs, kernel_scores, mean_gaps
from tombola.plots.style import RUN_COLOURS, SOFT_INK

CHANNELS, SIDE = 3, 2
WEIGHTS = (0.4, -0.3, 0.6, 0.0, 0.0, 0.5, 0.0, -0.7, 0.2, 0.0, 0.0, 0.0)
KERNELS = ("110/000/001", "100/010/000", "111/010/000", "101/000/101")
POSITIVE, NEGATIVE, PRUNED = "#c0392b", "#2471a3", "#e4e7eb"
NEIGHBOURS = {"manhattan": 1.0, "euclidean": 2.0**0.5}


def draw_channel_order(figure: Figure | SubFigure) -> None:
    """Draw where the places of each channel lie among the inputs of a linear layer, channels first and last."""
    figure.suptitle("Flattening: one linear layer reads every place of every channel", fontsize="medium")
    grid = figure.subplots(1, 2, width_ratios=(1, 3))
    maps, rows = grid
    for channel in range(CHANNELS):
        for place in range(SIDE * SIDE):
            x, y = place % SIDE, place // SIDE
            _cell(maps, channel * (SIDE + 0.6) + x, -y, RUN_COLOURS[channel], f"{y},{x}")
        maps.text(channel * (SIDE + 0.6) + SIDE / 2 - 0.5, 0.75, f"channel {channel}", ha="center", fontsize=7)
    _frame(maps, (-0.8, CHANNELS * (SIDE + 0.6)), (-SIDE - 0.2, 1.3))
    size = SIDE * SIDE
    for line, (name, order) in enumerate(
        {
            "channels first: index = channel x places + place": [(i // size, i % size) for i in range(CHANNELS * size)],
            "channels last: index = place x channels + channel": [
                (i % CHANNELS, i // CHANNELS) for i in range(CHANNELS * size)
            ],
        }.items()
    ):
        for index, (channel, place) in enumerate(order):
            _cell(rows, index, -3 * line, RUN_COLOURS[channel], f"{place // SIDE},{place % SIDE}")
            rows.text(index, -3 * line - 0.85, str(index), ha="center", fontsize=6, color=SOFT_INK)
        rows.text(-0.5, -3 * line + 0.75, name, fontsize=8)
    _frame(rows, (-0.8, CHANNELS * size), (-4.4, 1.5))


def draw_runs(figure: Figure | SubFigure, weights: Sequence[float] = WEIGHTS) -> None:
    """Draw the weights of one unit in a row, with their maximal runs of adjacent survivors.

    Parameters
    ----------
    figure
        Where.
    weights
        Of the unit; 0 is pruned.
    """
    values = np.array([weights])
    keep = values != 0
    found = find_runs(keep, values)
    figure.suptitle(
        f"A unit's weights along the input index: {len(found.size)} runs, mean distance of neighbours "
        f"{float(mean_gaps(keep)[0]):.2f}",
        fontsize="medium",
    )
    axes = figure.subplots()
    for index, value in enumerate(weights):
        colour = PRUNED if value == 0 else POSITIVE if value > 0 else NEGATIVE
        _cell(axes, index, 0, colour, "" if value == 0 else f"{value:+.1f}")
        axes.text(index, -0.85, str(index), ha="center", fontsize=6, color=SOFT_INK)
    for start, size, positive in zip(found.start, found.size, found.positive, strict=True):
        axes.plot([start - 0.4, start + size - 0.6], [0.8, 0.8], color="black", lw=1.5)
        axes.text(start + size / 2 - 0.5, 0.95, f"size {size}\n{positive:.0%} positive", ha="center", fontsize=6.5)
    _frame(axes, (-0.8, len(weights)), (-1.2, 2.0))


def draw_kernel_graphs(figure: Figure | SubFigure, supports: Sequence[str] = KERNELS) -> None:
    """Draw kernels as graphs: survivors are nodes, joined where sides touch (above) or corners, too (below).

    Parameters
    ----------
    figure
        Where.
    supports
        Row by row, ``110/000/001``.
    """
    figure.suptitle("Kernels as graphs and their score, sides touching above, corners too below", fontsize="medium")
    grid = figure.subplots(2, len(supports), squeeze=False)
    for row, (name, reach) in zip(grid, NEIGHBOURS.items(), strict=True):
        for axes, bits in zip(row, supports, strict=True):
            kernel = np.array([[bit == "1" for bit in line] for line in bits.split("/")])
            _graph(axes, kernel, reach)
            score = float(kernel_scores(kernel[None, None], name)[0, 0])  # type: ignore[arg-type]
            axes.set_title(f"score {score:g}", fontsize=8)


def _graph(axes: Axes, kernel: Bool[np.ndarray, "height width"], reach: float) -> None:
    height, width = kernel.shape
    for (y, x), kept in np.ndenumerate(kernel):
        axes.add_patch(Rectangle((x - 0.5, -y - 0.5), 1, 1, facecolor="white", edgecolor=PRUNED))
        if kept:
            axes.plot(x, -y, "o", color=RUN_COLOURS[0], ms=7)
    for (y, x), (v, u) in combinations(np.argwhere(kernel).tolist(), 2):
        if np.hypot(y - v, x - u) <= reach + 1e-9:
            axes.plot([x, u], [-y, -v], color=RUN_COLOURS[1], lw=2.5, zorder=1)
    _frame(axes, (-0.7, width - 0.3), (-height + 0.3, 0.7))


def _cell(axes: Axes, x: float, y: float, colour: str, text: str) -> None:
    axes.add_patch(Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, facecolor=colour, edgecolor="white"))
    axes.text(x, y, text, ha="center", va="center", fontsize=6.5, color="white")


def _frame(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.set_aspect("equal")
    axes.axis("off")

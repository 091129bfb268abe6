"""Estimates with intervals, one below the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK

ROW, FIXED = 0.28, 1.15
"""Inches of a row, and of what is around all rows."""
TALL = 3.6
"""Height of a figure that asks for none."""


@dataclass(frozen=True)
class Line:
    """One row: its name, its estimate, its interval, and another interval to compare with; NaN is not drawn."""

    name: str
    value: float
    low: float
    high: float
    naive_low: float = float("nan")
    naive_high: float = float("nan")


def forest(
    axes: Axes,
    lines: Sequence[Line],
    *,
    label: str,
    middle: float | None = None,
    names: tuple[str, str] = ("clustered by person and image", "as if all answers were independent"),
    shares: bool = True,
) -> None:
    """Draw estimates with intervals; the interval to compare with lies below, thin and grey.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        From top to bottom.
    label
        Of the horizontal axis.
    middle
        Where a dashed line says "no difference".
    names
        Legend of the two intervals; drawn where there is a second one.
    shares
        Whether values are shares, written in percent.
    """
    heights = -np.arange(len(lines), dtype=float)
    compared = any(np.isfinite(line.naive_low) for line in lines)
    if middle is not None:
        axes.axvline(middle, color=SOFT_INK, linewidth=0.9, linestyle="--", zorder=1)
    for line, y in zip(lines, heights, strict=True):
        axes.plot([line.low, line.high], [y, y], color=RUN_COLOURS[0], linewidth=2.4, solid_capstyle="butt", zorder=3)
        axes.plot(line.value, y, "o", color=RUN_COLOURS[0], markersize=5.5, zorder=4)
        if compared:
            below = y - 0.24
            axes.plot([line.naive_low, line.naive_high], [below, below], color="#8a8f98", linewidth=1.3, zorder=2)
    if compared:
        axes.plot([], [], "-o", color=RUN_COLOURS[0], linewidth=2.4, markersize=5.5, label=names[0])
        axes.plot([], [], "-", color="#8a8f98", linewidth=1.3, label=names[1])
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1, borderaxespad=0.3)
    axes.set_yticks(heights, [line.name for line in lines])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-len(lines) + 0.45, 0.55)
    axes.set_xlabel(label)
    axes.grid(axis="x", **GRID)
    if shares:
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def higher(rows: int) -> float:
    """Return inches to add to the height of a figure for so many rows."""
    return FIXED + ROW * rows - TALL

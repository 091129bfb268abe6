"""Shares of a whole as bars: how all answers divide."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

PALE = "#d5d9df"
COLOURS = ("#0072b2", PALE, "#e69f00")
"""First, in between, last; told apart in grey print and by colour-blind readers."""
ROOM = 0.07
"""Share from which on there is room for its number."""


def divided(axes: Axes, names: Sequence[str], parts: Mapping[str, Sequence[float]], label: str) -> None:
    """Draw one bar per name, divided into parts that sum to one.

    Parameters
    ----------
    axes
        Where to draw.
    names
        Of the bars, from top to bottom.
    parts
        Name of a part -> its share of every bar; at most three.
    label
        Of the horizontal axis.
    """
    heights, left = -np.arange(len(names), dtype=float), np.zeros(len(names))
    for (part, shares), colour in zip(parts.items(), COLOURS, strict=False):
        widths = np.nan_to_num(np.asarray(shares, float))
        axes.barh(heights, widths, left=left, height=0.62, color=colour, label=part)
        for y, x, width in zip(heights, left, widths, strict=True):
            if width >= ROOM:
                ink = "#ffffff" if colour == COLOURS[0] else "#1c2027"
                axes.text(x + width / 2, y, f"{100 * width:.0f} %", ha="center", va="center", color=ink, fontsize=8.5)
        left += widths
    axes.set_yticks(heights, list(names))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-len(names) + 0.4, 0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.3, columnspacing=1.0)

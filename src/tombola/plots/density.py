"""The density axis: logarithmic to base 2, dense on the left."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tombola.plots.style import GRID

TICKS = 7
CROWDED = 8
"""From this many ticks on every second one has a label."""

ROOM = 2**0.25
"""Free space beyond the outermost ticks, as a factor."""


def density_axis(axes: Axes, ticks: int = TICKS) -> None:
    """Make the x axis a density axis: log base 2, inverted, ticks at 1, 1/2, …, decimal labels.

    May be called any number of times on the same axes, in any order with drawing: nothing toggles. Where what is drawn
    is sparser than the ticks reach, ticks are added; from eight on every second one is labelled.

    Parameters
    ----------
    axes
        The axes to set up.
    ticks
        Number of ticks, from density 1 to 2^-(ticks-1).
    """
    drawn = [x for line in axes.get_lines() for x in np.asarray(line.get_xdata(), np.float64) if 0 < x < 1]
    needed = math.ceil(-math.log2(min(drawn, default=1)) - math.log2(ROOM)) + 1
    count = max(ticks, needed, 2)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([2.0**-k for k in range(count)]))
    every = 1 if count < CROWDED else 2
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "" if round(-math.log2(x)) % every else f"{x:.6g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(ROOM, 2.0 ** -(count - 1) / ROOM)
    axes.set_xlabel("Density")
    axes.grid(True, **GRID)

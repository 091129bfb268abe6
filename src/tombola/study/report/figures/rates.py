"""Accuracy, or another outcome, against the compression rate."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from tombola.plots.style import GRID, KIND_MARKERS, RUN_COLOURS

Point = tuple[float, float, float, float]
"""Rate, value, ends of its interval; NaN where there is none."""
MOST_TICKS = 8


def against_rate(axes: Axes, series: Mapping[str, Sequence[Point]], label: str) -> None:
    """Draw points with intervals, joined in order of their rates, on a logarithmic axis.

    Parameters
    ----------
    axes
        Where to draw.
    series
        Name -> points.
    label
        Of the vertical axis.
    """
    spread = len(series) > 1
    for i, (name, points) in enumerate(series.items()):
        rate, value, low, high = np.array(sorted(points), float).T
        x = rate * 2 ** (0.06 * (i - (len(series) - 1) / 2) if spread else 0)
        # an interval of shares may reach beyond what a share can be; the table has it whole
        errors = np.nan_to_num(np.stack([value - np.maximum(low, 0), np.minimum(high, 1) - value]))
        colour, marker = RUN_COLOURS[i % len(RUN_COLOURS)], KIND_MARKERS[i % len(KIND_MARKERS)]
        line = "-" if i == 0 else ":"
        axes.errorbar(x, value, np.maximum(errors, 0), None, line, color=colour, marker=marker, capsize=2.5, label=name)
    rates = sorted({point[0] for points in series.values() for point in points})
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(rates[:: max(1, -(-len(rates) // MOST_TICKS))]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))
    axes.set_ylim(*np.clip(axes.get_ylim(), -1, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.set_xlabel("compression rate (1 / density)")
    axes.set_ylabel(label)
    axes.grid(axis="y", **GRID)
    if spread:
        axes.legend(loc="best")

"""What people say against what an explanation metric says, a point per image or per condition."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK


def scatter(
    axes: Axes, x: Float[np.ndarray, " image"], y: Float[np.ndarray, " image"], labels: tuple[str, str], *, signed: bool
) -> None:
    """Draw points; `signed` marks zero on both axes, which is where two conditions do not differ."""
    if signed:
        axes.axhline(0, color=SOFT_INK, linewidth=0.8, linestyle="--")
        axes.axvline(0, color=SOFT_INK, linewidth=0.8, linestyle="--")
    axes.plot(x, y, "o", color=RUN_COLOURS[0], alpha=0.35 if len(x) > 60 else 0.7, markersize=4.5, markeredgewidth=0)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(**GRID)


def named_points(
    axes: Axes, names: Sequence[str], points: Sequence[tuple[float, float, float, float]], labels: tuple[str, str]
) -> None:
    """Draw one named point per condition: metric, outcome, ends of the outcome's interval (NaN where there is none)."""
    x, y, low, high = np.array(points, float).T
    errors = np.maximum(np.nan_to_num(np.stack([y - low, high - y])), 0)
    axes.errorbar(x, y, errors, None, "o", color=RUN_COLOURS[0], markersize=5.5, capsize=2.5)
    for name, at, height in zip(names, x, y, strict=True):
        axes.annotate(name, (at, height), (6, 5), textcoords="offset points", color=SOFT_INK, fontsize=8.5)
    axes.margins(x=0.25)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(**GRID)

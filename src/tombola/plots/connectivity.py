"""Linear mode connectivity: instability against density, and the error between copies (Frankle et al. 2020)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from tombola.analysis.connectivity import STABLE, Line
from tombola.analysis.instability import by_replicate
from tombola.plots.density import TICKS, density_axis
from tombola.plots.style import DENSE_COLOUR, GRID, RUN_COLOURS, level_colour, say

NOTHING = "no lines were measured: `tombola connectivity RUN` does it"


def instability_against_density(axes: Axes, lines: Sequence[Line], *, ticks: int = TICKS) -> None:
    """Draw instability, mean and range over replicates, with the threshold of stability.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        Of any levels, replicates and pairs; pairs of a replicate are averaged first.
    ticks
        Ticks of the density axis.
    """
    axes.set_title("Instability of copies trained in different data orders")
    axes.set_ylabel("Instability (points of error)")
    if not lines:
        say(axes, NOTHING)
        return
    place, middle, below, above = [], [], [], []
    for level in sorted({line.level for line in lines}):
        here = [line for line in lines if line.level == level]
        each = [100 * value for value in by_replicate(here, lambda line: line.instability)]
        mean = float(np.mean(each))
        place.append(here[0].density)
        middle.append(mean)
        below.append(mean - min(each))
        above.append(max(each) - mean)
    axes.errorbar(place, middle, [below, above], marker="x", color=RUN_COLOURS[0], capsize=2, label="tickets")
    axes.axhline(
        100 * STABLE, color=DENSE_COLOUR, linestyle="--", linewidth=1, label=f"stable below {100 * STABLE:g} points"
    )
    density_axis(axes, ticks)
    axes.set_ylim(bottom=min(0.0, *(m - b for m, b in zip(middle, below, strict=True))), top=None)
    axes.legend(frameon=False)


def error_between_copies(axes: Axes, lines: Sequence[Line], *, levels: int) -> None:
    """Draw the error along the line between copies, mean over pairs and replicates, a line per level.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        Equally many points each.
    levels
        Pruning rounds of the run, which set the colours.
    """
    axes.set_title("Error on the line between two copies")
    axes.set_xlabel("Position between the copies")
    axes.set_ylabel("Error (%)")
    axes.grid(True, **GRID)
    if not lines:
        say(axes, NOTHING)
        return
    for level in sorted({line.level for line in lines}):
        here = [line for line in lines if line.level == level]
        mean = 100 * np.mean([line.error for line in here], axis=0)
        style = "--" if level == 0 else "-"
        label = f"{np.mean([line.density for line in here]):.4f}"
        axes.plot(np.linspace(0, 1, len(mean)), mean, style, color=level_colour(level, levels), label=label)
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
    axes.legend(frameon=False, title="Density", ncols=2 if levels > 6 else 1)

"""Which layers lose their weights when: density per layer and level as a picture."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from tombola.plots.choice import chosen_controls, chosen_levels
from tombola.plots.statements import why_nothing
from tombola.plots.style import say
from tombola.plots.weight_colours import COUNT_MAP, PRUNED
from tombola.store import Run
from tombola.store.folder import TICKET

WHOLE = "whole network"
DARK = 0.55
"""Below this place on the colour scale numbers are written in white."""
ABSENT = "#e4e7eb"
NUMBERS = 12
"""Up to so many levels every cell has its number."""


def layer_densities(run: Run, *, control: str = TICKET) -> Float[np.ndarray, "layer level"]:
    """Return the mean density of the whole network (first row) and of every layer, by level.

    The mean is over replicates and repetitions that are done; NaN where none is.
    """
    rows = len(run.layers) + 1
    found: list[list[list[float]]] = [[] for _ in range(run.spec.prune.levels + 1)]
    for job, info in run.jobs.items():
        own = control if job.level else TICKET  # the dense level is every control's
        if info.status == "done" and job.control == own and job.level < len(found):
            layers = [_left(info.remaining.get(layer.name), layer.size) for layer in run.layers]
            found[job.level].append([info.density, *layers])
    return np.array([np.mean(jobs, 0) if jobs else np.full(rows, np.nan) for jobs in found]).T


def _left(remaining: int | None, size: int) -> float:
    """Return a layer's density; NaN where an imported run does not know its mask."""
    return np.nan if remaining is None else remaining / size if size else 1.0


def density_heatmap(
    axes: Axes,
    run: Run,
    *,
    control: str = TICKET,
    levels: Sequence[int] | None = None,
    numbers: bool | None = None,
    colour_bar: bool = True,
) -> None:
    """Draw the density of every layer at every level, the whole network first, on a log scale; empty layers are black.

    Parameters
    ----------
    axes
        Where to draw; the colour bar takes some of its room.
    run
        The run; means over replicates.
    control
        A control's masks instead of the tickets' (they differ where a control moves weights between layers).
    levels
        Which levels, by default all.
    numbers
        Whether cells hold their density; by default where there are at most twelve levels.
    colour_bar
        False leaves it out.
    """
    if control != TICKET:
        chosen_controls(run.spec, [control])
    chosen = chosen_levels(run.spec, levels)
    density = layer_densities(run, control=control)[:, chosen]
    names = [WHOLE, *(layer.name.removesuffix(".weight") for layer in run.layers)]
    axes.set_title(
        f"{run.spec.name}: density per layer and level" + ("" if control == TICKET else f", {control}"), loc="left"
    )
    axes.set_xlabel("level")
    if not np.isfinite(density).any():
        say(axes, why_nothing([run], "Density"))
        return
    lowest = float(np.min(density[density > 0], initial=1.0))
    norm = LogNorm(min(lowest, 0.5), 1.0)
    colours = COUNT_MAP.with_extremes(bad=ABSENT, under=PRUNED)
    image = axes.imshow(np.where(density == 0, min(lowest, 0.5) / 2, density), cmap=colours, norm=norm, aspect="auto")
    axes.set_xticks(range(len(chosen)), [str(level) for level in chosen])
    axes.set_yticks(range(len(names)), names)
    if len(chosen) > 20:
        axes.set_xticks(range(0, len(chosen), 2), [str(level) for level in chosen[::2]])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.axhline(0.5, color="white", linewidth=3)
    if numbers or (numbers is None and len(chosen) <= NUMBERS):
        _write_numbers(axes, density, norm)
    if colour_bar and axes.figure is not None:
        bar = axes.figure.colorbar(image, ax=axes, pad=0.02, label="density")
        bar.ax.yaxis.set_major_locator(LogLocator(base=2, numticks=8))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.5g}"))
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.outline.set_visible(False)


def _write_numbers(axes: Axes, density: Float[np.ndarray, "layer level"], norm: LogNorm) -> None:
    for (row, column), value in np.ndenumerate(density):
        absent = np.isnan(value)
        dark = absent or value <= 0 or float(norm(value)) < DARK
        text = "\N{EN DASH}" if absent else f"{value:.3g}"
        colour = "white" if dark and not absent else "#1c2027"
        axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)

"""Legends that stand outside the axes, so that they hide no line."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tombola.plots.choice import run_labels
from tombola.plots.curves import MARKER_SIZE
from tombola.plots.series import Series, density_text
from tombola.plots.style import CONTROL_LINE, DENSE_LINE, SOFT_INK, TICKET_LINE, legend_entries, level_colour
from tombola.store.folder import TICKET

TALL = 24
"""Entries per column."""
LETTERS_PER_INCH = 12


def legend_below(figure: Figure, axes: Axes) -> None:
    """Move the legend of the only axes below them, in as many columns as fit."""
    handles, labels = legend_entries(axes)
    own = axes.get_legend()
    if own is not None:
        own.remove()
    if labels:
        longest = max(map(len, labels)) + 6
        columns = max(1, min(len(labels), int(figure.get_figwidth() * LETTERS_PER_INCH) // longest))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def level_legend(figure: Figure, lines: Sequence[Series], *, runs_named: bool = False) -> None:
    """Add one legend for all panels at the right: a colour per level, then a line style per kind of network.

    Short where a line each would be many: 20 levels and 3 controls are 24 entries instead of 81.

    Parameters
    ----------
    figure
        The figure.
    lines
        What was drawn, in all panels together.
    runs_named
        Whether panels or titles already tell runs apart; otherwise kinds are named with their run.
    """
    levels = {line.level: line for line in reversed(lines)}
    entries = [
        (
            Line2D([], [], color=line.colour, linestyle=DENSE_LINE if level == 0 else TICKET_LINE),
            density_text(line.density, level),
        )
        for level, line in sorted(levels.items())
    ]
    runs = list({id(line.run): line.run for line in lines}.values())
    names = dict(zip(map(id, runs), run_labels(runs), strict=True))
    kinds: dict[str, Series] = {}
    for line in lines:
        if line.level or line.control != TICKET:
            kind = "ticket" if line.control == TICKET else line.control
            several = len(runs) > 1 and not runs_named
            kinds.setdefault(f"{names[id(line.run)]} {kind}" if several else kind, line)
    kinds = dict(sorted(kinds.items(), key=lambda item: item[1].control != TICKET))
    if len(kinds) > 1 or any(line.control != TICKET for line in kinds.values()):
        entries.append((Line2D([], [], linestyle="none"), ""))
        entries += [(_handle(line), name) for name, line in kinds.items()]
    if entries:
        handles, labels = zip(*entries, strict=True)
        _legend_right(figure, handles, labels)


def level_key(figure: Figure, densities: Mapping[int, float], depth: int) -> None:
    """Add a legend at the right that gives every level its colour.

    Parameters
    ----------
    figure
        The figure.
    densities
        Level -> density of the whole network.
    depth
        Levels that colours are spread over.
    """
    handles = [
        Line2D([], [], color=level_colour(level, depth), linestyle=TICKET_LINE if level else DENSE_LINE)
        for level in densities
    ]
    labels = [density_text(density, level) for level, density in densities.items()]
    _legend_right(figure, handles, labels)


def _legend_right(figure: Figure, handles: Sequence[Line2D], labels: Sequence[str]) -> None:
    """Add a legend at the right, and the room it takes to the figure's width."""
    columns = 1 + (len(labels) - 1) // TALL
    figure.set_figwidth(figure.get_figwidth() + columns * (0.55 + max(map(len, labels)) / LETTERS_PER_INCH))
    figure.legend(handles, labels, title="Density", loc="outside right upper", ncols=columns, alignment="left")


def _handle(line: Series) -> Line2D:
    hollow = line.control != TICKET
    return Line2D(
        [],
        [],
        color=SOFT_INK,
        linestyle=CONTROL_LINE if hollow else TICKET_LINE,
        marker=line.marker,
        markersize=MARKER_SIZE,
        markerfacecolor="white" if hollow else SOFT_INK,
    )

"""What pruning leaves of a network, over its layers: densities, units on a path, survivors per unit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from tombola.analysis.inspect_structure import LayerStructure, Structure
from tombola.plots.legends import LETTERS_PER_INCH
from tombola.plots.series import density_text
from tombola.plots.style import GRID, SOFT_INK, level_colour

Style = Literal["-", ":", "--"]

EFFECTIVE: Final = "-"
PATH: Final = ":"
NOMINAL: Final = "--"
LINES: Final[dict[Style, str]] = {EFFECTIVE: "effective", PATH: "on a path", NOMINAL: "nominal"}
MARKERS: Final[dict[Style, str]] = {EFFECTIVE: "o", PATH: "", NOMINAL: ""}
LOST: Final[dict[Style, tuple[str, str]]] = {EFFECTIVE: ("x", "nothing remains"), PATH: ("v", "nothing on a path")}
"""Marks at the bottom, as a logarithmic scale has no zero."""

HEIGHT = 2.3
"""Inches of a panel."""

LONG = 10
"""Layer names together longer than the room for them are written at a slant."""

SPREAD = 0.6
"""Room that the levels of one layer share, of the distance between layers."""

Levels = Mapping[int, Sequence[Structure]]
"""Inspected networks by level; a mean is drawn of each."""


def draw_structure(figure: Figure, levels: Levels, *, title: str, depth: int | None = None) -> None:
    """Draw densities, units on a path and survivors per unit over layers, a colour per level, means over replicates.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    levels
        What to draw.
    title
        Above it.
    depth
        Levels that colours are spread over, by default the deepest of `levels`.
    """
    names = [layer.name.removesuffix(".weight") for layer in next(iter(levels.values()))[0].layers]
    spread = max(levels) if depth is None else depth
    figure.set_size_inches(min(max(5.8, 3.0 + 0.42 * len(names)), 13.0), 3 * HEIGHT + 0.6)
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    layer_density_lines(top, levels, depth=spread)
    active_unit_lines(middle, levels, depth=spread)
    survivors_per_unit(bottom, levels, depth=spread)
    room = figure.get_figwidth() * LONG / max(len(names), 1)
    slanted = max(map(len, names), default=0) > room
    bottom.set_xticks(range(len(names)), names, rotation=50 if slanted else 0, ha="right" if slanted else "center")
    if slanted:
        bottom.tick_params(axis="x", labelsize="small")
    bottom.set_xlim(-0.5, len(names) - 0.5)
    figure.suptitle(title)
    handles, labels = top.get_legend_handles_labels()
    if len(handles) > 1:
        columns = int(figure.get_figwidth() * LETTERS_PER_INCH) // (max(map(len, labels)) + 6)
        figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)))
    _name_levels(figure, levels, spread)


def layer_density_lines(axes: Axes, levels: Levels, *, depth: int) -> None:
    """Draw density over layers: of the effective mask, of the weights on a path, and the nominal one where known.

    The scale is logarithmic; a layer of which nothing remains has a cross at the bottom.
    """
    counts: dict[Style, Callable[[LayerStructure], int | None]] = {
        EFFECTIVE: lambda layer: layer.kept,
        PATH: lambda layer: layer.path,
        NOMINAL: lambda layer: layer.nominal,
    }
    found = {
        (level, line): _means(networks, count) for level, networks in levels.items() for line, count in counts.items()
    }
    known = [value for values in found.values() for value in values[values > 0]]
    floor = 10 ** np.floor(np.log10(min(known, default=0.1)) - 0.05)
    axes.set_yscale("log")
    for (level, line), values in found.items():
        if np.isnan(values).all():
            continue
        colour, x = level_colour(level, depth), np.arange(len(values))
        axes.plot(
            x, np.where(values > 0, values, np.nan), line, color=colour, marker=MARKERS[line], markersize=3.5,
            linewidth=1.6 if line == PATH else 1.2, zorder=3 if line == PATH else 2,
        )  # fmt: skip
        lost = (values == 0) & ((line == EFFECTIVE) | (found[level, EFFECTIVE] > 0))
        if line in LOST and lost.any():
            at = x[lost]
            axes.plot(at, np.full(len(at), floor), color=colour, clip_on=False, zorder=4, **_mark(LOST[line]))
    axes.set_ylim(floor, 1.3)
    axes.set_ylabel("Density")
    axes.yaxis.set_major_locator(LogLocator(10, numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: np.format_float_positional(y, trim="-")))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, **GRID)
    _name_lines(axes, {line: [values for (_, own), values in found.items() if own == line] for line in counts})


def active_unit_lines(axes: Axes, levels: Levels, *, depth: int) -> None:
    """Draw the share of units on a path over layers; of units with survivors where paths are not known."""
    known = all(network.paths is not None for networks in levels.values() for network in networks)
    for level, networks in levels.items():
        values = _means(networks, lambda each: each.active if known else each.units - each.empty, units=True)
        axes.plot(values, color=level_colour(level, depth), marker="o", markersize=3.5, linewidth=1.2)
    axes.set_ylim(-0.04, 1.04)
    axes.set_ylabel("Units on a path" if known else "Units with survivors")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(True, **GRID)


def survivors_per_unit(axes: Axes, levels: Levels, *, depth: int) -> None:
    """Draw how many weights units keep: least to most as a thin line, the middle half as a thick one, median as a dot.

    Units of all replicates together; symmetrically logarithmic above one, so that empty units show at zero.
    """
    width = SPREAD / len(levels)
    most = 1
    for place, (level, networks) in enumerate(levels.items()):
        colour, shift = level_colour(level, depth), (place - (len(levels) - 1) / 2) * width
        for at, alike in enumerate(zip(*(network.layers for network in networks), strict=True)):
            fan_in = np.concatenate([layer.fan_in for layer in alike])
            if not fan_in.size:
                continue
            least, low, median, high, largest = np.quantile(fan_in, (0, 0.25, 0.5, 0.75, 1))
            most = max(most, int(largest))
            axes.vlines(at + shift, least, largest, color=colour, linewidth=0.9)
            axes.vlines(at + shift, low, high, color=colour, linewidth=3)
            axes.plot(at + shift, median, "o", color=colour, markersize=4, markerfacecolor="white")
    axes.set_yscale("symlog", linthresh=1, linscale=0.4)
    axes.set_ylim(-0.3, 1.4 * most)
    axes.set_ylabel("Survivors per unit")
    axes.yaxis.set_major_locator(FixedLocator([0, *(10**power for power in range(len(str(most))))]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, axis="y", **GRID)


def _name_lines(axes: Axes, drawn: Mapping[Style, Sequence[Float[np.ndarray, " layers"]]]) -> None:
    """Give the axes an entry for the legend for each line style and mark, in grey."""
    for line, label in LINES.items():
        if not all(np.isnan(values).all() for values in drawn[line]):
            marker = MARKERS[line]
            axes.add_line(Line2D([], [], color=SOFT_INK, linestyle=line, marker=marker, markersize=3.5, label=label))
    for line, (marker, label) in LOST.items():
        if any((values == 0).any() for values in drawn[line]):
            axes.add_line(Line2D([], [], color=SOFT_INK, label=label, **_mark((marker, label))))


def _mark(what: tuple[str, str]) -> dict[str, Any]:
    return {"linestyle": "none", "marker": what[0], "markersize": 7, "fillstyle": "none"}


def _name_levels(figure: Figure, levels: Levels, depth: int) -> None:
    """Add a legend at the right that gives every level its colour; all solid, as dashes mean something else here."""
    names = {
        level: density_text(float(np.mean([each.density for each in found])), level) for level, found in levels.items()
    }
    handles = [Line2D([], [], color=level_colour(level, depth)) for level in levels]
    figure.legend(handles, [*names.values()], title="Density", loc="outside right upper", alignment="left")


def _means(
    networks: Sequence[Structure], count: Callable[[LayerStructure], int | None], *, units: bool = False
) -> Float[np.ndarray, " layers"]:
    """Return counts as shares of all weights, or units, of each layer, means over networks; NaN where not known."""
    shares = [
        [_share(count(layer), layer.units if units else layer.total) for layer in network.layers]
        for network in networks
    ]
    return np.asarray(np.mean(shares, axis=0))


def _share(count: int | None, total: int) -> float:
    return np.nan if count is None else count / total if total else 1.0

"""Signs over pruning levels: pruned fraction, positive share and dead units by layer; sign flips."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tombola.plots.analyses.signs_grids import layer_name
from tombola.plots.style import GRID, RUN_COLOURS, SOFT_INK

QUANTITIES = {
    "edge_sign_rate_in": "positive share, incoming",
    "edge_sign_rate_out": "positive share, outgoing",
    "dead": "dead units",
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def pruned_by_level(figure: Figure, trajectory: pd.DataFrame) -> None:
    """Draw the pruned fraction of every layer against the level, a panel per condition.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    trajectory
        What `tombola.analysis.signs.trajectory` returns.
    """
    part = trajectory[trajectory.quantity == "pruned_fraction"]
    conditions = list(dict.fromkeys(part.condition))
    figure.set_size_inches(max(5.2, 4.0 * len(conditions)), 3.8)
    axes = figure.subplots(1, len(conditions), squeeze=False, sharey=True)[0]
    for here, condition in zip(axes, conditions, strict=True):
        _series(here, part[part.condition == condition])
        here.set_title(condition)
        here.set_ylim(-0.02, 1.02)
    axes[0].set_ylabel("pruned fraction")
    _layer_legend(figure, axes[0])


def signs_by_level(figure: Figure, trajectory: pd.DataFrame) -> None:
    """Draw positive shares and dead units of every layer against the level; columns are conditions.

    Means over replicates with their 95 % interval.

    Parameters
    ----------
    figure, trajectory
        As in `pruned_by_level`.
    """
    conditions = list(dict.fromkeys(trajectory.condition))
    figure.set_size_inches(max(5.2, 4.0 * len(conditions)), 8.0)
    axes = figure.subplots(len(QUANTITIES), len(conditions), squeeze=False, sharey="row", sharex=True)
    for (line, column), here in np.ndenumerate(axes):
        quantity, condition = list(QUANTITIES)[line], conditions[column]
        _series(here, trajectory[(trajectory.condition == condition) & (trajectory.quantity == quantity)])
        if quantity != "dead":
            here.axhline(0.5, color=SOFT_INK, lw=0.8, ls=":")
        elif column == 0:
            here.set_ylim(bottom=-0.05 * here.get_ylim()[1])
        if line == 0:
            here.set_title(condition)
        if line < len(QUANTITIES) - 1:
            here.set_xlabel("")
        if column == 0:
            here.set_ylabel(QUANTITIES[quantity])
    _layer_legend(figure, axes[0, 0])


def flips_by_layer(figure: Figure, flips: pd.DataFrame) -> None:
    """Draw the share of surviving weights whose sign training changed, by layer and level, a point per network.

    Parameters
    ----------
    figure
        An empty figure; its size is set.
    flips
        What `tombola.analysis.signs.sign_flips` returns.
    """
    layers, levels = list(dict.fromkeys(flips.layer)), sorted(set(flips.level))
    figure.set_size_inches(max(4.8, 1.1 * len(layers) + 1.5), 3.8)
    axes = figure.subplots()
    width = 0.7 / max(len(levels), 1)
    for i, level in enumerate(levels):
        rows = flips[flips.level == level]
        for j, layer in enumerate(layers):
            values = rows[rows.layer == layer].flip_rate.dropna().to_numpy(np.float64)
            at = j + (i - (len(levels) - 1) / 2) * width
            colour = RUN_COLOURS[i % len(RUN_COLOURS)]
            label = f"level {level}" if j == 0 else None
            axes.plot(np.full(len(values), at), values, ls="", marker="o", ms=3, alpha=0.6, color=colour, label=label)
            if len(values):
                axes.plot([at - width / 3, at + width / 3], [values.mean()] * 2, color=colour, lw=1.6)
    axes.set_xticks(range(len(layers)), [layer_name(layer) for layer in layers], rotation=20, ha="right")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share of survivors with another sign")
    axes.set_title("Signs that training flipped since initialisation")
    axes.grid(True, axis="y", **GRID)
    if len(levels) > 1:
        figure.legend(loc="outside right upper")


def _series(axes: Axes, rows: pd.DataFrame) -> None:
    for i, (layer, part) in enumerate(rows.groupby("layer", sort=False)):
        part = part.sort_values("level")
        known = part["mean"].notna().to_numpy()
        if not known.any():
            continue
        mean, level = part["mean"].to_numpy()[known], part.level.to_numpy()[known]
        low = np.maximum(part.low.to_numpy()[known], 0)  # none of these can be negative, whatever t says
        bars = np.maximum(np.nan_to_num(np.stack([mean - low, part.high.to_numpy()[known] - mean])), 0)
        style: dict[str, Any] = {"marker": MARKERS[i % len(MARKERS)], "color": RUN_COLOURS[i % len(RUN_COLOURS)]}
        axes.errorbar(
            level, mean, bars, ms=3.5, lw=1.2, elinewidth=0.8, capsize=2, label=layer_name(str(layer)), **style
        )
    axes.set_xlabel("level")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(True, **GRID)


def _layer_legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(handles)))

"""Pair grids of the four variables of sign distributions, units coloured by what they are or what they carry."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tombola.analysis.signs.table import VARIABLES
from tombola.plots.style import RUN_COLOURS, SOFT_INK

LABELS: Final = {
    "prune_rate_in": "pruned, in",
    "prune_rate_out": "pruned, out",
    "sign_rate_in": "positive, in",
    "sign_rate_out": "positive, out",
}
SIZE: Final = 5.2
"""Inches of one grid."""
MOST: Final = 4
"""Conditions side by side; the tables have all."""
HEAD: Final = 0.4
"""Inches of the line that says how many conditions are left out."""
MARGINS: Final = {"left": 0.125, "top": 0.945, "wspace": 0.1, "hspace": 0.1}
"""Where panels lie in a grid: fixed, since a layout solver takes many times longer than drawing its 16 panels."""
CLOUD: Final = 2000
"""Units that a density is estimated from at most."""
MESH: Final = 50
CARRIED_MAP: Final = "viridis_r"
DECADES: Final = 4
"""Shares so many powers of ten below the largest have its lightest colour."""
BINS: Final = 30
IN_A_LINE: Final = 4
"""Clusters in a line of a legend."""


def side_by_side(
    rows: int, conditions: Sequence[str], width: float, height: float
) -> tuple[Figure, NDArray[np.object_]]:
    """Return a figure of parts of equal size, rows by conditions, the first `MOST` of them; it says so above.

    Parameters
    ----------
    rows, conditions
        What there is.
    width, height
        Inches of a part.

    Returns
    -------
    tuple
        The figure, and its parts, shape ``(rows, shown conditions)``.
    """
    shown, head = min(len(conditions), MOST), HEAD if len(conditions) > MOST else 0.01
    figure = Figure(figsize=(width * shown, height * rows + head))
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[head, height * rows]).ravel()
    if shown < len(conditions):
        above.suptitle(left_out(conditions), x=0.02 / shown, y=0.5, ha="left", va="center")
    return figure, below.subfigures(rows, shown, squeeze=False)


def left_out(conditions: Sequence[str]) -> str:
    """Return the sentence that a figure shows the first conditions only."""
    return f"the first {MOST} of {len(conditions)} conditions; the tables have all"


def cluster_colours(clusters: Sequence[int]) -> dict[int, str]:
    """Return a colour for every cluster, the same for the same number in every figure."""
    return {int(cluster): RUN_COLOURS[int(cluster) % len(RUN_COLOURS)] for cluster in clusters}


def clustered_grid(figure: SubFigure, rows: pd.DataFrame, *, title: str = "") -> None:
    """Draw a pair grid of units coloured by cluster: scatter below, density of all above, histograms between.

    Parameters
    ----------
    figure
        An empty part of a figure.
    rows
        Units with the four variables and a column ``cluster``.
    title
        Above.
    """
    clusters = sorted(rows.cluster.unique())
    colours = cluster_colours(clusters)
    # small clusters last, so that large ones do not cover them
    order = sorted(clusters, key=lambda cluster: -int((rows.cluster == cluster).sum()))
    parts = {cluster: rows[rows.cluster == cluster] for cluster in order}
    lines = -(-len(clusters) // IN_A_LINE)
    axes = _frame(figure, rows, title, right=0.975, bottom=0.135 + 0.03 * lines)
    for (row, column), here in np.ndenumerate(axes):
        x, y = VARIABLES[column], VARIABLES[row]
        if row > column:
            for cluster, part in parts.items():
                here.scatter(part[x], part[y], s=4, alpha=0.5, lw=0, color=colours[cluster], rasterized=True)
        elif row == column:
            _histograms(here, {colours[cluster]: part[x] for cluster, part in parts.items()}, _range(rows[x]))
    labels = {cluster: f"{cluster}: {len(parts[cluster]):,} units" for cluster in clusters}
    handles = [Line2D([], [], marker="o", ms=5, ls="", color=colours[c], label=label) for c, label in labels.items()]
    figure.legend(handles=handles, title="cluster", loc="lower center", ncols=min(IN_A_LINE, len(handles)))


def carried_grid(figure: SubFigure, rows: pd.DataFrame, *, title: str = "") -> None:
    """Draw a pair grid of units coloured by their share of a layer's contribution, the strongest on top.

    Parameters
    ----------
    figure
        An empty part of a figure.
    rows
        Units with the four variables and a column ``share``.
    title
        Above.
    """
    rows = rows.sort_values("share")
    share = rows.share.to_numpy(np.float64)
    top = float(share.max(initial=0)) or 1.0
    low = max(float(np.min(share[share > 0], initial=top / 10)), top / 10**DECADES)
    norm = LogNorm(low, top)
    share = np.maximum(share, low)
    axes = _frame(figure, rows, title, right=0.81, bottom=0.1)
    for (row, column), here in np.ndenumerate(axes):
        x, y = VARIABLES[column], VARIABLES[row]
        if row > column:
            here.scatter(rows[x], rows[y], s=4, lw=0, c=share, cmap=CARRIED_MAP, norm=norm, rasterized=True)
        elif row == column:
            _histograms(here, {SOFT_INK: rows[x]}, _range(rows[x]))
    bar = figure.colorbar(ScalarMappable(norm, CARRIED_MAP), cax=figure.add_axes((0.83, 0.22, 0.02, 0.6)))
    bar.set_label("share of the layer's contribution", fontsize=8)
    bar.ax.tick_params(which="both", labelsize=6.5)


def density_contours(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Fill contours of the density of points; nothing where they lie on a line or are fewer than three."""
    from scipy.stats import gaussian_kde

    points = np.stack([x, y])
    points = points[:, np.isfinite(points).all(0)]
    if points.shape[1] > CLOUD:
        points = points[:, np.random.default_rng(0).choice(points.shape[1], CLOUD, replace=False)]
    if points.shape[1] < 3 or np.linalg.matrix_rank(np.cov(points), tol=1e-12) < 2:
        return
    sides = [np.linspace(*_range(side), MESH) for side in points]
    mesh = np.meshgrid(*sides)
    height = gaussian_kde(points)(np.stack([side.ravel() for side in mesh])).reshape(MESH, MESH)
    axes.contourf(*mesh, height, levels=np.linspace(0.03, 1, 9) * height.max(), cmap="Greys")


def _frame(figure: SubFigure, rows: pd.DataFrame, title: str, *, right: float, bottom: float) -> NDArray[np.object_]:
    figure.suptitle(title, fontsize="medium", x=0.02, ha="left")
    axes: NDArray[np.object_] = figure.subplots(
        len(VARIABLES), len(VARIABLES), sharex="col", gridspec_kw=MARGINS | {"right": right, "bottom": bottom}
    )
    for (row, column), here in np.ndenumerate(axes):
        x, y = VARIABLES[column], VARIABLES[row]
        here.tick_params(labelsize=6.5, length=2)
        here.xaxis.set_major_locator(MaxNLocator(3, prune="both"))
        if row == column:
            here.set_yticks([])
        else:
            here.set_ylim(*_range(rows[y]))
        here.set_xlim(*_range(rows[x]))
        if row < column:
            density_contours(here, rows[x].to_numpy(np.float64), rows[y].to_numpy(np.float64))
        if column and row != column:
            here.set_yticklabels([])
        if row == len(VARIABLES) - 1:
            here.set_xlabel(LABELS[x], fontsize=8)
        if column == 0:
            here.set_ylabel(LABELS[y], fontsize=8)
    return axes


def _histograms(axes: Axes, values: Mapping[str, pd.Series], limits: tuple[float, float]) -> None:
    for colour, part in values.items():
        axes.hist(part, bins=BINS, range=limits, histtype="step", color=colour, lw=1)


def _range(values: Sequence[float] | NDArray[np.float64] | pd.Series) -> tuple[float, float]:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.06 * (high - low) or 0.05
    return low - room, high + room

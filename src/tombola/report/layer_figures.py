"""The wide figures of a report: density per layer, the ticket that emerges, its weights and their histograms."""

import io
from collections.abc import Callable

import matplotlib
from matplotlib.figure import Figure

from tombola.analysis import level_densities
from tombola.analysis.wording import percent
from tombola.errors import TombolaError
from tombola.plots import draw_emerging, draw_matrices, emergence, plot_kinds, stored_weights
from tombola.plots.kinds.curves import evenly
from tombola.report.svg import STYLE, Picture, inline
from tombola.store import Run

STAGES = 5
"""Levels shown of a ticket that emerges, and in histograms."""

CELLS = (150, 400)
"""Picture elements of a weight matrix at most; the page stays light."""

WIDTH = 9.0
ROW = 1.9
"""Inches of a weight matrix."""

DPI = 90


def layer_pictures(run: Run) -> list[Picture]:
    """Return the figures about layers, those of weights where states were kept; nothing before the first result."""
    known = [level for level, density in enumerate(level_densities(run)) if density > 0]
    if not known:
        return []
    made = [
        wide(
            "layers-density",
            lambda figure: _densities(figure, run),
            "Density of every layer at every level as a heat map; the table of remaining weights holds the numbers.",
            "Mean density over replicates, logarithmic colours; layers that lose their weights faster darken earlier.",
        )
    ]
    replicate = next((job.replicate for job, info in run.jobs.items() if info.status == "done"), 0)
    levels = evenly([level for level in known if (replicate, level, "none", 0) in run.jobs], STAGES)
    shown = emergence(run, levels, replicate=replicate)
    if shown.stages:
        made.append(
            wide(
                "layers-emerging",
                lambda figure: draw_emerging(figure, shown),
                f"The first layer of replicate {replicate} at {len(shown.stages)} levels, from dense to sparse.",
                f"What is left of the first layer as the ticket emerges (replicate {replicate}).",
            )
        )
    return made + _weight_pictures(run, replicate, levels)


def _weight_pictures(run: Run, replicate: int, levels: list[int]) -> list[Picture]:
    """Return histograms of survivors and the matrices of the sparsest network whose trained state was kept."""
    kept = {}
    for level in levels:
        try:
            kept[level] = stored_weights(run, replicate, level)
        except TombolaError:
            continue
    if not kept:
        return []
    last = max(kept)
    linear = [layer for layer in kept[last] if layer.kind in ("linear", "output")]
    made = [
        wide(
            "layers-histograms",
            lambda figure: plot_kinds["histograms"](figure, [run], levels=list(kept), replicate=replicate),
            f"Histograms of the surviving weights of every layer after training, at {len(kept)} levels.",
            "Surviving weights after training, counts on a logarithmic axis; pruning empties the middle.",
        )
    ]
    if linear:
        density = percent(sum(layer.remaining for layer in kept[last]) / sum(layer.values.size for layer in kept[last]))

        def matrices(figure: Figure) -> None:
            draw_matrices(figure, linear, cells=CELLS)
            figure.set_size_inches(figure.get_figwidth(), ROW * len(linear) + 0.4)

        made.append(
            wide(
                "layers-matrices",
                matrices,
                f"Weight matrices of the linear layers at level {last}, {density} density; pruned weights are black.",
                f"Trained weights at level {last} ({density} density), blue below zero, red above, black where pruned. "
                "`tombola plot` draws any layer, level, state and control in full.",
            )
        )
    return made


def _densities(figure: Figure, run: Run) -> None:
    plot_kinds["densities"](figure, [run])
    figure.set_size_inches(WIDTH, 1.1 + 0.28 * (len(run.layers) + 1))


def wide(name: str, draw: Callable[[Figure], None], alternative: str, caption: str) -> Picture:
    """Draw a figure as wide as the page; parameters as those of `tombola.report.svg.picture`."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", dpi=DPI, metadata={"Date": None, "Creator": None}, transparent=True)
    return Picture(inline(buffer.getvalue(), name, alternative), caption)

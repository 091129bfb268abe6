"""What ``tombola bench train`` shows: a table, and a figure."""

import io
import math

from rich.table import Table

from tombola.cli.console import results
from tombola.training.cost.figures import Figures

BUSY = 0.5
"""Load average from which on figures are not to be trusted."""

MARKERS = ("o", "s", "^", "D")


def show_figures(figures: Figures) -> None:
    """Print the table, and what its columns mean."""
    console = results()
    console.print(figures_table(figures))
    console.print(
        f"medians of {figures.repeats}, batch {figures.batch}, {figures.cores} networks at a time (one a core) "
        f"on {figures.machine}, torch {figures.torch}"
    )
    console.print(
        f"P, a plain eager loop on all cores: {figures.plain:.3f} ms/step. Dense floor: {figures.floor:.3f} ms/step, "
        f"all products of a dense step at the {figures.peak:.0f} GFLOP/s a core that were measured here"
    )
    if figures.load > BUSY:
        console.print(f"[yellow]the machine was busy (load {figures.load:.1f}): measure again when it is not[/yellow]")
    for engine, reason in figures.missing.items():
        console.print(f"{engine} is not in the table: {reason}")


def figures_table(figures: Figures) -> Table:
    """Return one line per density; for every engine ms, ratio to P, share of the dense floor, and the prediction."""
    table = Table(title=f"{figures.name}: ms per step and network", title_justify="left")
    named = list(dict.fromkeys(cell.engine for cell in figures.cells))
    foreseen = {cell.engine for cell in figures.cells if cell.predicted is not None}
    table.add_column("density", justify="right", no_wrap=True)
    for engine in named:
        for heading in (engine, "P / it", "floor / it", *(["predicted"] if engine in foreseen else [])):
            table.add_column(heading, justify="right", no_wrap=True)
    for density in dict.fromkeys(cell.density for cell in figures.cells):
        cells = [f"{density:.4f}"]
        for cell in (cell for cell in figures.cells if cell.density == density):
            time = cell.milliseconds
            share = "-" if math.isnan(figures.floor) else f"{figures.floor / time:.2f}"
            predicted = [] if cell.predicted is None else [f"{cell.predicted:.3f}"]
            cells += [f"{time:.3f}", f"{figures.plain / time:.2f}", share, *predicted]
        table.add_row(*cells)
    return table


def figure_svg(figures: Figures) -> str:
    """Return the figure: ms per step and network against density, with P and the dense floor."""
    from matplotlib.figure import Figure

    from tombola.plots.density import density_axis
    from tombola.plots.style import DENSE_COLOUR, RUN_COLOURS

    drawn = Figure(figsize=(7.6, 4.0), layout="constrained")
    axes = drawn.add_subplot()
    for number, engine in enumerate(dict.fromkeys(cell.engine for cell in figures.cells)):
        cells = [cell for cell in figures.cells if cell.engine == engine]
        axes.plot(
            [cell.density for cell in cells],
            [cell.milliseconds for cell in cells],
            marker=MARKERS[number % len(MARKERS)],
            color=RUN_COLOURS[number % len(RUN_COLOURS)],
            label=engine,
        )
    axes.axhline(figures.plain, color=DENSE_COLOUR, linestyle="--", label="P, a plain eager loop")
    if not math.isnan(figures.floor):
        axes.axhline(figures.floor, color=DENSE_COLOUR, linestyle=":", label="dense floor")
    density_axis(axes)
    axes.set_yscale("log")
    axes.set_ylabel("ms per step and network")
    axes.set_title(f"{figures.name}, batch {figures.batch}, {figures.cores} cores", loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False)
    buffer = io.StringIO()
    drawn.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()

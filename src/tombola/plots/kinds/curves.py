"""Kinds that show training: learning curves, and training against validation."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tombola.analysis.intervals import Spread
from tombola.plots.choice import chosen_levels, run_labels, shared_choice, single_run
from tombola.plots.curves import learning_curves
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.legends import level_legend
from tombola.plots.losses import loss_curves
from tombola.plots.series import Series
from tombola.store import Run
from tombola.store.folder import TICKET

PANEL = (5.0, 3.7)
POINTS = 250
"""Points per line; more cannot be told apart on paper and make vector files heavy."""
LEVELS = 6
LINES = 24
"""Unless levels are named, about so many lines per panel."""
COLUMNS = 3


@plot_kinds.register("curves")
def curves(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    measure: Sequence[str] = ("val_accuracy",),
    controls: Sequence[str] | None = None,
    first: int | None = None,
    spread: Spread | None = "minmax",
    force_zero: bool | None = None,
) -> None:
    """Learning curves per level, controls overlaid; a panel per run and measure."""
    measures = [measure] if isinstance(measure, str) else list(measure)
    rows, columns = len(runs), len(measures)
    depth = max(run.spec.prune.levels for run in runs)
    most = LINES // (1 + max(len(names) for _, names in shared_choice(runs, None, controls)))
    picked = evenly(list(range(depth + 1)), max(4, most)) if levels is None else levels
    chosen = shared_choice(runs, picked, controls)
    figure.set_size_inches(PANEL[0] * columns, PANEL[1] * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey="col")
    lines: list[Series] = []
    for row, run, label, (own, names) in zip(grid, runs, run_labels(runs), chosen, strict=True):
        every = _bar_every(run, first)
        total = run.spec.prune.levels + 1
        left_out = f" ({len(own)} of {total} levels)" if levels is None and len(own) < total else ""
        for axes, name in zip(row, measures, strict=True):
            lines += learning_curves(
                axes, run, own, name, controls=names, first=first, points=POINTS, spread=spread, bar_every=every,
                force_zero=force_zero, depth=depth, legend=False,
            )  # fmt: skip
            axes.set_title(f"{label}: {axes.get_title()}{left_out}")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
            axes.set_xlabel(axes.get_xlabel() if run is runs[-1] else "")
    level_legend(figure, lines, runs_named=True)


@plot_kinds.register("losses")
def losses(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    control: str = TICKET,
    first: int | None = None,
    force_zero: bool = True,
) -> None:
    """Training against validation loss and the early stop between them, a panel per level."""
    run = single_run(runs)
    chosen = chosen_levels(run.spec, levels)
    shown = chosen if levels is not None else evenly(chosen, LEVELS)
    if control != TICKET:
        shown = [level for level in shown if level > 0]
    rows = max(1, math.ceil(len(shown) / COLUMNS))
    columns = max(1, math.ceil(len(shown) / rows))
    figure.set_size_inches(max(3.2 * columns, 5.5), 2.7 * rows + 0.8)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, level in zip(grid, shown, strict=False):
        loss_curves(axes, run, level, control=control, first=first, force_zero=force_zero, legend=False)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        axes.label_outer()
    for axes in grid[len(shown) :]:
        axes.axis("off")
    left_out = "" if len(shown) == len(chosen) else f" ({len(shown)} of {len(chosen)} levels)"
    figure.suptitle(f"{run.spec.name}: Training-Loss and Validation-Loss{left_out}")
    named = {text: handle for axes in grid for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    if named:
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=3)


def evenly(levels: list[int], most: int) -> list[int]:
    """Return at most so many of these levels, evenly picked, the first and the last included.

    Examples
    --------
    >>> evenly(list(range(11)), 3)
    [0, 5, 10]
    """
    if len(levels) <= most:
        return levels
    return [levels[i] for i in np.unique(np.linspace(0, len(levels) - 1, most).round().astype(int))]


def _bar_every(run: Run, first: int | None) -> int:
    """Return the distance of error bars: every 5th point, wider where lines have many points."""
    records = int(np.sum(run.records.on_grid.values)) if run.jobs else 0
    return max(5, min(records, first or records, POINTS) // 12)

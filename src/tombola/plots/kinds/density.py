"""Kinds over density: accuracy at early stop and at the end, the early-stop step, and density per layer."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from tombola.analysis.intervals import Spread
from tombola.plots.choice import known_densities, single_run
from tombola.plots.heatmap import density_heatmap
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.legends import legend_below
from tombola.plots.stop import accuracy_at_early_stop, early_stop_step, final_accuracy
from tombola.plots.style import RUN_COLOURS
from tombola.store import Run
from tombola.store.folder import TICKET

SIZE = (6.4, 4.6)


@plot_kinds.register("stop-accuracy")
def stop_accuracy(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    measure: str = "test_accuracy",
    controls: Sequence[str] | None = None,
    spread: Spread | None = "minmax",
    force_zero: bool | None = None,
) -> None:
    """Accuracy (or a loss) at early stop against density, runs and controls overlaid."""
    _over_density(figure, runs, accuracy_at_early_stop, levels, controls, spread, force_zero, measure=measure)


@plot_kinds.register("final-accuracy")
def final(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    measure: str = "test_accuracy",
    controls: Sequence[str] | None = None,
    spread: Spread | None = "minmax",
    force_zero: bool | None = None,
) -> None:
    """Accuracy (or a loss) after the last step against density, runs and controls overlaid."""
    _over_density(figure, runs, final_accuracy, levels, controls, spread, force_zero, measure=measure)


@plot_kinds.register("stop-step")
def stop_step(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    controls: Sequence[str] | None = None,
    spread: Spread | None = "minmax",
    force_zero: bool | None = None,
) -> None:
    """Early-stop step against density, runs and controls overlaid."""
    _over_density(figure, runs, early_stop_step, levels, controls, spread, force_zero)


@plot_kinds.register("densities")
def densities(
    figure: Figure, runs: Sequence[Run], *, levels: Sequence[int] | None = None, control: str = TICKET
) -> None:
    """Density per layer and level as a heat map."""
    run = single_run(runs)
    shown = len(levels) if levels is not None else run.spec.prune.levels + 1
    figure.set_size_inches(2.6 + 0.55 * min(max(shown, 4), 16), 1.3 + 0.36 * max(len(run.layers) + 1, 3))
    density_heatmap(figure.subplots(), run, control=control, levels=levels)


def _over_density(
    figure: Figure,
    runs: Sequence[Run],
    draw: Callable[..., None],
    levels: Sequence[int] | None,
    controls: Sequence[str] | None,
    spread: Spread | None,
    force_zero: bool | None,
    **options: Any,
) -> None:
    figure.set_size_inches(*SIZE)
    axes = figure.subplots()
    single = len(runs) == 1
    # several controls of one run are told apart by colour, too; runs need the colours for themselves
    own = RUN_COLOURS[1:-1] if single and len(controls if controls is not None else runs[0].spec.controls) > 1 else ()
    loss = str(options.get("measure", "")).endswith("loss")
    sparsest = min((d for run in runs for d in known_densities(run) if d > 0), default=1.0)
    draw(
        axes,
        runs,
        levels=levels,
        controls=controls,
        spread=spread,
        ticks=max(4, math.ceil(-math.log2(sparsest)) + 1),
        label="" if single else None,
        control_colours=own,
        force_zero=loss if force_zero is None else force_zero,
        **options,
    )
    if single:
        axes.set_title(f"{runs[0].spec.name}: {axes.get_title()}")
    if "accuracy" in str(options.get("measure", "")):
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    elif not options:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    legend_below(figure, axes)

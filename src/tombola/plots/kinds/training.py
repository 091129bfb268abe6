"""Kinds that compare trainings: by data set, with the dense parents; and level after level."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from tombola.analysis.intervals import Spread
from tombola.analysis.training import mean_course, records_table, trainings_of_runs
from tombola.errors import TombolaError
from tombola.plots.choice import run_labels, shared_choice
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.statements import why_nothing
from tombola.plots.style import say, type_name
from tombola.plots.training import draw_saw_tooth, draw_training
from tombola.store import Run

TEST, VALIDATION = "test_accuracy", "val_accuracy"


@plot_kinds.register("training")
def training(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    measure: str | None = None,
    controls: Sequence[str] | None = None,
    spread: Spread | None = "interval",
) -> None:
    """Tickets, controls and dense parents over training with 95 % intervals, a panel per data set."""
    if spread == "minmax":
        raise TombolaError("plot kind 'training' draws 95 % intervals (--spread interval) or none (--spread none)")
    for _ in shared_choice(runs, levels, controls):
        pass  # what does not exist is refused
    table = records_table(trainings_of_runs(runs, levels, controls))
    wanted = measure or (TEST if table[TEST].notna().any() else VALIDATION)
    type_name(wanted)
    time = "epoch" if len(table) and table.epoch.notna().all() else "step"
    course = mean_course(table, wanted, time)
    if course.empty:
        axes = figure.subplots()
        axes.axis("off")
        return say(axes, why_nothing(runs, f"{type_name(wanted)} at every record"))
    return draw_training(figure, course, wanted, time, bands=spread is not None)


@plot_kinds.register("saw-tooth")
def saw_tooth(
    figure: Figure,
    runs: Sequence[Run],
    *,
    levels: Sequence[int] | None = None,
    measure: str = VALIDATION,
    replicate: int | None = None,
    spread: Spread | None = "minmax",
) -> None:
    """Iterative pruning as it went: a measure over all trainings of the ticket in a row, a panel per run."""
    chosen = shared_choice(runs, levels, ())
    type_name(measure)
    for run in runs:
        if replicate is not None and not 0 <= replicate < run.spec.replicates:
            last = run.spec.replicates - 1
            raise TombolaError(
                f"the run {run.spec.name} has no replicate {replicate}; its replicates go from 0 to {last}"
            )
    figure.set_size_inches(max(6.0, min(12.0, 1.2 * max(len(own) for own, _ in chosen))), 3.2 * len(runs) + 0.2)
    grid = figure.subplots(len(runs), 1, squeeze=False)[:, 0]
    for axes, run, label, (own, _) in zip(grid, runs, run_labels(runs), chosen, strict=True):
        draw_saw_tooth(axes, run, measure, levels=own, replicate=replicate, spread=spread)
        whose = "mean over replicates" if replicate is None else f"replicate {replicate}"
        axes.set_title(f"{label}: {whose}", pad=16)

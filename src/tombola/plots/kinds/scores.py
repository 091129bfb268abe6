"""Kinds that show what masks were made by: histograms of scores, and their statistics by layer."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from tombola.analysis.inspect_scores import ScoreMass
from tombola.analysis.layer_scores import layer_scores, score_statistics
from tombola.errors import TombolaError
from tombola.networks.prunable import weight_named
from tombola.plots.choice import check_network, chosen_levels, known_densities, single_run
from tombola.plots.kinds.curves import evenly
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.scores import QUANTITIES, score_histogram, score_lines
from tombola.plots.style import say
from tombola.store import JobId, Run
from tombola.store.folder import TICKET

LEVELS = 6
COLUMNS = 3
NOTHING = "Nothing is pruned, so no mask was made by scores."


@plot_kinds.register("scores")
def scores(
    figure: Figure,
    runs: Sequence[Run],
    *,
    level: int | None = None,
    replicate: int = 0,
    layer: str | None = None,
) -> None:
    """Histograms of the scores that a level's mask was made by, a panel per layer, kept and removed weights."""
    run = single_run(runs)
    check_network(run.spec, replicate, TICKET, 0)
    wished = chosen_levels(run.spec, [level]) if level is not None else range(run.spec.prune.levels, 0, -1)
    reason = ""
    for at in wished:
        try:
            found, what = layer_scores(run, JobId(replicate, at))
        except TombolaError as error:
            if level is not None:
                raise
            reason = reason or str(error)
            continue
        break
    else:
        return _say(figure, reason or NOTHING)
    meant = weight_named(layer, [each.name for each in found]) if layer is not None else None
    chosen = [each for each in found if layer is None or each.name == meant]
    if not chosen:
        known = ", ".join(each.name.removesuffix(".weight") for each in found)
        raise TombolaError(f"there is no layer '{layer}' with scores; layers are {known}")
    columns = min(COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    figure.set_size_inches(max(3.6 * columns, 5.5), 2.9 * rows + 0.6)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, each in zip(grid, chosen, strict=False):
        score_histogram(axes, each)
    for axes in grid[len(chosen) :]:
        axes.axis("off")
    named = {text: handle for axes in grid for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=2)
    figure.suptitle(f"{run.spec.name}, replicate {replicate}, level {at}: {what}")
    return None


@plot_kinds.register("score-statistics")
def statistics(figure: Figure, runs: Sequence[Run], *, levels: Sequence[int] | None = None) -> None:
    """Scores by layer: their mean, their share of all scores and their spread, a colour per level."""
    run = single_run(runs)
    found: dict[int, list[Mapping[str, ScoreMass]]] = {}
    reason = NOTHING
    for at in chosen_levels(run.spec, levels):
        for replicate in range(run.spec.replicates) if at else ():
            try:
                each = score_statistics(run, JobId(replicate, at))
            except TombolaError as error:
                reason = str(error)
            else:
                found.setdefault(at, []).append(each)
    if not found:
        return _say(figure, reason)
    shown = list(found) if levels is not None else evenly(list(found), LEVELS)
    densities = known_densities(run)
    names = {at: f"{densities[at]:.4f}" for at in shown}
    figure.set_size_inches(10.5, 3.9)
    for axes, quantity in zip(figure.subplots(1, len(QUANTITIES)), QUANTITIES, strict=True):
        score_lines(axes, {at: found[at] for at in shown}, quantity, run.spec.prune.levels, names)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="Density")
    figure.suptitle(f"{run.spec.name}: scores by layer; means over replicates, bands from the lowest to the highest")
    return None


def _say(figure: Figure, text: str) -> None:
    axes = figure.subplots()
    axes.axis("off")
    say(axes, text)

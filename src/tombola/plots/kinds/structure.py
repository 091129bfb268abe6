"""The kind that shows what pruning leaves of the layers: densities, paths, units, survivors per unit."""

from collections.abc import Sequence
from itertools import groupby

import matplotlib
from matplotlib.figure import Figure

from tombola.analysis.inspect_networks import inspected
from tombola.analysis.inspect_structure import Structure
from tombola.plots.choice import chosen_controls, chosen_levels, single_run
from tombola.plots.kinds.curves import evenly
from tombola.plots.kinds.registry import plot_kinds
from tombola.plots.statements import why_nothing
from tombola.plots.structure import draw_structure
from tombola.plots.style import PAPER, say
from tombola.store import Run
from tombola.store.folder import TICKET

LEVELS = 6
"""Unless levels are named, so many at most."""


@plot_kinds.register("structure")
def structure(
    figure: Figure, runs: Sequence[Run], *, levels: Sequence[int] | None = None, control: str = TICKET
) -> None:
    """Density, weights on paths, active units and survivors per unit over the layers, a colour per level."""
    run = single_run(runs)
    if control != TICKET:
        chosen_controls(run.spec, [control])
    wanted = chosen_levels(run.spec, levels)
    known = sorted({job.level for job in run.jobs if job.control == control and job.level in wanted})
    shown = known if levels is not None else evenly(known, LEVELS)
    names = () if control == TICKET else (control,)
    found = [each for each in inspected(run, levels=shown, controls=names) if each.job and each.job.control == control]
    whose = "" if control == TICKET else f", {control}"
    if found:
        draw_structure(figure, by_level(found), title=f"{run.spec.name}: layers{whose}", depth=run.spec.prune.levels)
    else:
        axes = figure.subplots()
        axes.axis("off")
        say(axes, why_nothing(runs, "The mask of any network") if not known else "No mask of this run is known.")


def structure_figure(networks: Sequence[Structure], *, title: str) -> Figure:
    """Return a figure of inspected networks, of the tickets if there are any: three panels over their layers.

    Parameters
    ----------
    networks
        As `tombola.inspect_run` or `tombola.inspect_ticket` return them; six levels at most are shown.
    title
        Above it.

    Examples
    --------
    >>> figure = structure_figure(tombola.inspect_run("runs/…"), title="mine")  # doctest: +SKIP
    """
    tickets = [network for network in networks if network.job is None or network.job.control == TICKET]
    levels = by_level(tickets or networks)
    shown = {level: levels[level] for level in evenly([*levels], LEVELS)}
    with matplotlib.rc_context(PAPER):
        figure = Figure(layout="constrained")
        draw_structure(figure, shown, title=title, depth=max(levels))
    return figure


def by_level(networks: Sequence[Structure]) -> dict[int, list[Structure]]:
    """Return networks by their level; one that comes from nowhere is at level 0."""

    def level(network: Structure) -> int:
        return 0 if network.job is None else network.job.level

    return {at: list(group) for at, group in groupby(sorted(networks, key=level), key=level)}

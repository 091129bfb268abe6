"""What the next participant is asked. Reproducible from the seed, the number of arrival, and what others hold."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tombola.errors import TombolaError
from tombola.study.assignment.choose import choose
from tombola.study.assignment.draw import Draw
from tombola.study.assignment.order import Step, arrange
from tombola.study.design.folder import Study
from tombola.study.trial import NEITHER, Kind, Trial

SHUFFLED_TASKS = ("recognition", "forward-simulation")
"""Tasks whose options are classes."""


def assign(study: Study, arrival: int, taken: Mapping[str, int] | None = None) -> tuple[Trial, ...]:
    """Return the trials of one participant, in the order in which they are met.

    Practice comes first, then the quiz, then main trials with attention checks and repeats between. A repeat is the
    other variant of a cell, returned with kind ``repeat``: whoever stores an assignment stores name and kind, and
    makes the trials again with `restore`.

    As long as fewer participants have arrived than the plan has blocks, a participant gets the next block. Later ones
    get what lost participants left behind. Cells that are full are never given out again.

    Parameters
    ----------
    study
        The study.
    arrival
        How many participants arrived before, lost ones included.
    taken
        Name of a trial -> how many participants have answered it or still hold it, as main trial. Slots of lost or
        timed-out participants are left out, which returns them to the pool. Names that are missing count 0.

    Returns
    -------
    tuple of Trial
        Empty where no cell needs raters: the study is full.

    Raises
    ------
    TombolaError
        If `taken` names something that is no main trial of the study.
    """
    if arrival < 0:
        raise TombolaError(f"arrival = {arrival}: participants are numbered from 0")
    counts = taken_by_cell(study, taken or {})
    raters = study.spec.raters
    if arrival < len(study.blocks):
        names = [name for name in study.blocks[arrival] if sum(counts[study.truth[name].cell]) < raters]
    else:
        names = choose(study, {cell: count for cell, count in counts.items() if sum(count) < raters}, arrival)
    return restore(study, arrival, arrange(study, _units(study, names), arrival))


def restore(study: Study, arrival: int, steps: Iterable[Step]) -> tuple[Trial, ...]:
    """Return stored trials as their participant met them, options in the participant's own order.

    Parameters
    ----------
    study
        The study.
    arrival
        Number of the participant.
    steps
        (name, kind) of trials, as `assign` returned them.
    """
    return tuple(shown(study, arrival, name, kind) for name, kind in steps)


def shown(study: Study, arrival: int, name: str, kind: Kind) -> Trial:
    """Return one trial as a participant meets it; the answer for neither is always the last option."""
    if name not in study.trials:
        raise TombolaError(f"the study has no trial '{name}'; it was made for another study")
    trial = study.trials[name]
    if study.spec.options_order == "shuffled" and trial.task in SHUFFLED_TASKS and trial.kind != "quiz":
        last = [option for option in trial.options if option.value == NEITHER]
        rest = [option for option in trial.options if option.value != NEITHER]
        trial = replace(trial, options=(*Draw(study.spec.seed, "options", arrival).shuffled(rest), *last))
    return replace(trial, kind=kind)


def taken_by_cell(study: Study, taken: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return cell -> how often each of its two variants is taken, from counts by the names of main trials."""
    for name in taken:
        if name not in study.trials or study.trials[name].kind != "main":
            raise TombolaError(f"taken: '{name}' is no main trial of the study; count by the names of main trials")
    # by the last trial of each: a forward simulation that was left before the explanation came is not taken
    return {
        cell: (taken.get(variants[0][-1], 0), taken.get(variants[1][-1], 0)) for cell, variants in study.cells.items()
    }


def _units(study: Study, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Join the two trials of a forward simulation; elsewhere every trial is a unit."""
    units: dict[str, tuple[str, ...]] = {}
    for name in names:
        cell = study.truth[name].cell
        units[cell] = (*units.get(cell, ()), name)
    return list(units.values())

"""The order in which one participant meets trials: classes spread evenly, checks and repeats in between."""

from collections.abc import Mapping, Sequence

from tombola.study.assignment.draw import Draw
from tombola.study.design.folder import Study
from tombola.study.trial import Kind

Step = tuple[str, Kind]
"""Name of a trial, and what it is for."""


def arrange(study: Study, units: Sequence[tuple[str, ...]], arrival: int) -> list[Step]:
    """Return everything a participant meets, in order: practice, quiz, then trials with checks and repeats between.

    Parameters
    ----------
    study
        The study.
    units
        The main trials; in forward simulation the two of a cell together.
    arrival
        Number of the participant, which with the study's seed determines every choice.
    """
    draw = Draw(study.spec.seed, "order", arrival)
    steps: list[list[Step]] = [[(name, "main") for name in unit] for unit in spread(study, units, draw)]
    repeats = _repeats(study, [[name for name, _ in unit] for unit in steps], draw)
    total = len(steps)
    for asked, unit in repeats:
        # as far from the first meeting as half the trials, so that it is not simply remembered
        again: list[Step] = [(name, "repeat") for name in unit]
        steps.insert(_after(steps, asked, total // 2, draw), again)
    for unit in _extras(study, "gold", study.spec.gold if units else 0, draw):
        place = draw.below(len(steps) - 1) + 1 if len(steps) > 1 else len(steps)  # neither first nor last
        steps.insert(place, [(name, "gold") for name in unit])
    practice: list[list[Step]] = [
        [(name, "practice") for name in unit] for unit in _extras(study, "practice", study.spec.practice, draw)
    ]
    quiz: list[list[Step]] = [[(name, "quiz")] for name, trial in study.trials.items() if trial.kind == "quiz"]
    everything = [*practice, *quiz, *steps] if units else []
    return [step for unit in everything for step in unit]


def spread(study: Study, units: Sequence[tuple[str, ...]], draw: Draw) -> list[tuple[str, ...]]:
    """Return trials in an order in which every class comes once before any comes twice, as far as they go."""
    waiting: dict[str, list[tuple[str, ...]]] = {}
    for unit in draw.shuffled(units):
        waiting.setdefault(study.truth[unit[0]].image_class, []).append(unit)
    ordered: list[tuple[str, ...]] = []
    while waiting:
        for name in draw.shuffled(list(waiting)):
            ordered.append(waiting[name].pop())
            if not waiting[name]:
                del waiting[name]
    return ordered


def _repeats(study: Study, units: list[list[str]], draw: Draw) -> list[tuple[str, tuple[str, ...]]]:
    """Return (a trial of the first half, the other variant of its cell) for as many cells as are asked again."""
    early = units[: max(1, len(units) // 2)] if len(units) > 1 else []
    chosen = draw.shuffled(early)[: study.spec.repeats]
    found = []
    for unit in chosen:
        first, second = study.cells[study.truth[unit[0]].cell]
        found.append((unit[0], second if unit[0] in first else first))
    return found


def _after(steps: list[list[Step]], asked: str, distance: int, draw: Draw) -> int:
    met = next(place for place, unit in enumerate(steps) if unit[0] == (asked, "main"))
    earliest = min(met + max(1, distance), len(steps))
    return earliest + draw.below(len(steps) - earliest + 1)


def _extras(study: Study, kind: Kind, count: int, draw: Draw) -> list[tuple[str, ...]]:
    """Return one variant of each of `count` images of a kind; pairwise, sides alternate as far as they can."""
    of_cell = extra_cells(study, kind)
    start = draw.below(2)
    return [of_cell[cell][(start + number) % 2] for number, cell in enumerate(draw.shuffled(sorted(of_cell))[:count])]


def extra_cells(study: Study, kind: Kind) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return cell -> variants of attention checks or practice, as `Study.cells` has them of main trials."""
    found: dict[str, list[list[str]]] = {}
    for name, trial in study.trials.items():
        if trial.kind == kind:
            variants = found.setdefault(study.truth[name].cell, [])
            if study.truth[name].phase == "after":
                variants[-1].append(name)
            else:
                variants.append([name])
    return {cell: tuple(tuple(names) for names in variants) for cell, variants in found.items()}

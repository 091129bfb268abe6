"""What to draw: which runs, under which names, and which of their levels and controls."""

import math
from collections import Counter
from collections.abc import Sequence

from tombola.analysis import level_densities
from tombola.errors import TombolaError, nearest
from tombola.specs import ExperimentSpec
from tombola.store import Run
from tombola.store.folder import TICKET


def as_runs(runs: Run | Sequence[Run]) -> list[Run]:
    """Return one run or several as a list.

    Raises
    ------
    TombolaError
        If there is none, or something that is not a run.
    """
    given: list[Run] = list(runs) if isinstance(runs, (list, tuple)) else [runs]  # type: ignore[list-item]
    for run in given:
        if not isinstance(run, Run):
            raise TombolaError(f"a run is needed, as tombola.open_run returns it, not {type(run).__name__} {run!r}")
    if not given:
        raise TombolaError("there is no run to draw")
    return given


def single_run(runs: Run | Sequence[Run]) -> Run:
    """Return the one run, or raise where there are more: some pictures show one network."""
    run, *more = as_runs(runs)
    if more:
        raise TombolaError(f"this picture shows one run, and {len(more) + 1} are given; draw them one by one")
    return run


def known_densities(run: Run) -> list[float]:
    """Return the mean density of every level: of its tickets, else of its controls; NaN where nothing is done."""
    found = level_densities(run)
    for level, density in enumerate(found):
        if math.isnan(density):
            others = [info.density for job, info in run.jobs.items() if job.level == level and info.status == "done"]
            found[level] = sum(others) / len(others) if others else math.nan
    return found


def run_labels(runs: Sequence[Run]) -> list[str]:
    """Return names that tell runs apart: the experiment's, with the folder's key where two have the same.

    Examples
    --------
    >>> run_labels([])
    []
    """
    named = Counter(run.spec.name for run in runs)
    labels: list[str] = []
    for run in runs:
        label = run.spec.name if named[run.spec.name] == 1 else run.path.name
        times = labels.count(label)
        labels.append(f"{label} ({times + 1})" if times else label)
    return labels


def chosen_controls(spec: ExperimentSpec, controls: Sequence[str] | None) -> list[str]:
    """Return the controls to draw: all of the run, or the given ones if the run has them."""
    known = list(spec.control_repetitions())
    for name in controls or ():
        if name not in known:
            raise TombolaError(f"the run {spec.name} has no control '{name}'{nearest(name, known)}")
    return known if controls is None else list(controls)


def chosen_levels(spec: ExperimentSpec, levels: Sequence[int] | None) -> list[int]:
    """Return the levels to draw: all of the run, or the given ones if the run has them."""
    last = spec.prune.levels
    for level in levels or ():
        if not 0 <= level <= last:
            raise TombolaError(f"the run {spec.name} has no level {level}; its levels go from 0 to {last}")
    return list(range(last + 1)) if levels is None else list(levels)


def check_network(spec: ExperimentSpec, replicate: int, control: str, repetition: int) -> None:
    """Raise one sentence where an experiment does not plan such a network, at whatever level."""
    if not 0 <= replicate < spec.replicates:
        raise TombolaError(
            f"the run {spec.name} has no replicate {replicate}; its replicates go from 0 to {spec.replicates - 1}"
        )
    if control != TICKET:
        chosen_controls(spec, [control])
        last = spec.control_repetitions()[control] - 1
        if not 0 <= repetition <= last:
            raise TombolaError(f"control {control} has no repetition {repetition}; its repetitions go from 0 to {last}")


def shared_choice(
    runs: Sequence[Run], levels: Sequence[int] | None, controls: Sequence[str] | None
) -> list[tuple[list[int], list[str]]]:
    """Return levels and controls for each of several runs; what is asked for must exist in one of them at least."""
    if len(runs) == 1:
        return [(chosen_levels(runs[0].spec, levels), chosen_controls(runs[0].spec, controls))]
    deepest = max(runs, key=lambda run: run.spec.prune.levels)
    wanted = chosen_levels(deepest.spec, levels)
    known = dict.fromkeys(name for run in runs for name in run.spec.control_repetitions())
    for name in controls or ():
        if name not in known:
            raise TombolaError(f"none of the runs has a control '{name}'{nearest(name, known)}")
    names = list(known) if controls is None else list(controls)
    return [
        (
            [level for level in wanted if level <= run.spec.prune.levels],
            [name for name in names if name in run.spec.control_repetitions()],
        )
        for run in runs
    ]

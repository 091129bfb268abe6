"""Which trainings are compared, and what their networks are called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tombola.analysis.material import NetworkView
from tombola.errors import TombolaError
from tombola.specs.prune import TRANSFER
from tombola.store import JobId, Run, open_run
from tombola.store.folder import TICKET

DENSE, PRUNED = "dense", "ticket"


@dataclass(frozen=True, eq=False)
class Training:
    """One finished training.

    Attributes
    ----------
    run, job
        Where its records are.
    network
        What its kind of network is called, the same for all replicates: ``dense``, ``ticket``, a control's name, or
        the condition that it was given.
    data
        Name of the data it was trained on.
    """

    run: Run
    job: JobId
    network: str
    data: str


def trainings_of_runs(
    runs: Sequence[Run], levels: Sequence[int] | None = None, controls: Sequence[str] | None = None
) -> list[Training]:
    """Return the finished trainings of runs at some levels, their dense ones always among them.

    Parameters
    ----------
    runs
        The runs.
    levels
        Pruned levels, by default the last.
    controls
        Which controls, by default all.
    """
    found = []
    for run in runs:
        wanted = {0, *([run.spec.prune.levels] if levels is None else levels)}
        names = [TICKET, *(run.spec.control_repetitions() if controls is None else controls)]
        jobs = [job for job in run.jobs if job.level in wanted and job.control in names]
        found += [(run, job, "") for job in sorted(jobs, key=lambda job: (job.level, names.index(job.control), *job))]
    return _named(found)


def trainings_of_views(views: Sequence[NetworkView], runs: Sequence[Run]) -> list[Training]:
    """Return the trainings that networks come from, and those of their dense parents.

    Conditions that a file gave keep their names.

    Parameters
    ----------
    views
        Networks of these runs.
    runs
        The runs.

    Raises
    ------
    TombolaError
        If a network comes from none of the runs.
    """
    by_name = {run.path.resolve().name: run for run in runs}
    found: dict[tuple[str, JobId], tuple[Run, JobId, str]] = {}
    for view in views:
        run = by_name.get(view.run) if view.run else None
        if run is None:
            raise TombolaError(f"{view.label} comes from no run, so how it was trained is not known; analyse runs")
        job = JobId(view.replicate, view.level, view.control, view.repetition)
        parent = JobId(view.replicate, 0)
        if job.level and parent in run.jobs:
            found.setdefault((view.run, parent), (run, parent, ""))
        own = view.condition if _given(view, run) else ""
        found[view.run, job] = (run, job, own)
    return _named(list(found.values()))


def _given(view: NetworkView, run: Run) -> bool:
    """Return whether a condition has a name of its own, rather than the run's with level and control."""
    return view.condition.partition(", ")[0] != run.spec.name


def _named(found: Sequence[tuple[Run, JobId, str]]) -> list[Training]:
    """Return trainings with the shortest names that tell their networks apart."""
    done = [each for each in found if each[0].jobs[each[1]].status == "done"]
    crossed = any(run.spec.prune.procedure == TRANSFER for run, _, _ in done)
    levels: dict[Run, set[int]] = {}
    for run, job, own in done:
        if job.level and not own:
            levels.setdefault(run, set()).add(job.level)
    named = [
        Training(run, job, own or _kind(run, job, len(levels.get(run, ())) > 1, crossed), run.spec.data.name)
        for run, job, own in done
    ]
    shared = _shared(named)
    labels = _run_names(list(dict.fromkeys(each.run for each in named)))
    return [
        replace(each, network=f"{each.network}, {labels[each.run]}") if (each.data, each.network) in shared else each
        for each in named
    ]


def _kind(run: Run, job: JobId, several: bool, crossed: bool) -> str:
    kind = DENSE if job.level == 0 else PRUNED if job.control == TICKET else job.control
    kind += f" of {_origin(run)}" if crossed else ""
    return f"level {job.level} {kind}" if several and job.level else kind


def _origin(run: Run) -> str:
    """Return the data that a run's networks were found on."""
    if run.spec.prune.procedure != TRANSFER:
        return run.spec.data.name
    try:
        return open_run(Path(str(run.spec.prune.source))).spec.data.name
    except TombolaError:  # moved away since
        return Path(str(run.spec.prune.source)).name


def _shared(named: Sequence[Training]) -> set[tuple[str, str]]:
    """Return data and names of networks that several runs have, unless they are the very same trainings."""
    keys: dict[tuple[str, str], dict[Run, set[tuple[JobId, str]]]] = {}
    for each in named:
        by_run = keys.setdefault((each.data, each.network), {})
        by_run.setdefault(each.run, set()).add((each.job, each.run.jobs[each.job].key))
    return {
        name
        for name, by_run in keys.items()
        if len(by_run) > 1 and any(one != two for one in by_run.values() for two in by_run.values())
    }


def _run_names(runs: Sequence[Run]) -> dict[Run, str]:
    names = [run.spec.name for run in runs]
    return {run: run.spec.name if names.count(run.spec.name) == 1 else run.path.name for run in runs}

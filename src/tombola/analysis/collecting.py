"""Networks of runs, gathered for an analysis, in named conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import yaml

from tombola.analysis.inspect_graph import stored_graph
from tombola.analysis.inspect_networks import chosen_jobs
from tombola.analysis.material import NetworkView
from tombola.analysis.winning import accepted
from tombola.errors import TombolaError, nearest
from tombola.networks import LayerGraph, PrunableLayer, State, build
from tombola.specs import NetworkSpec
from tombola.store import JobId, Run, StoredTicket, open_run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName

CONDITION_KEYS = ("run", "levels", "replicates", "controls", "stage", "winning")


def collect(
    runs: Sequence[Run | str | Path],
    *,
    levels: Sequence[int] | None = None,
    replicates: Sequence[int] | None = None,
    controls: Sequence[str] = (),
    stage: StateName = "trained",
    condition: str | None = None,
    winning: str | None = None,
    trust: bool = False,
) -> list[NetworkView]:
    """Return the finished networks of runs whose mask is known.

    Parameters
    ----------
    runs
        Opened runs or their folders.
    levels, replicates
        Which; by default the last level, and all replicates.
    controls
        Controls beside the tickets (`none`); each is a condition of its own.
    stage
        ``initial``, ``trained`` or ``early_stop``.
    condition
        What all of them are called; by default the run's name, with level and control where there are several.
    winning
        A criterion (`tombola.analysis.winning`): pruned tickets that it does not accept are left out, and with them
        their controls.
    trust
        Build networks that other people's code makes.

    Raises
    ------
    TombolaError
        If a stage, level, replicate or control does not exist, or nothing is finished.
    """
    if stage not in get_args(StateName):
        raise TombolaError(f"stage '{stage}'{nearest(stage, get_args(StateName))}")
    views: list[NetworkView] = []
    for given in runs:
        run = given if isinstance(given, Run) else open_run(given, trust=trust)
        asked = [run.spec.prune.levels] if levels is None else list(levels)
        jobs = [job for job in chosen_jobs(run, replicates, asked, controls) if run.jobs[job].status == "done"]
        if winning is not None:
            won = accepted(run, winning)
            jobs = [job for job in jobs if job.level == 0 or (job.replicate, job.level) in won]
        several = {"level": len({job.level for job in jobs}) > 1}
        graphs: dict[str, LayerGraph | None] = {}
        for job in jobs:
            view = _view(run, job, stage, graphs, condition or _condition(run, job, **several), trust)
            if view is not None:
                views.append(view)
    if not views and winning is not None:
        raise TombolaError(
            f"no chosen ticket is accepted by '{winning}'; `tombola show RUN --winning {winning}` has the numbers"
        )
    if not views:
        raise TombolaError("no finished network with a known mask is there; choose other levels, or finish the run")
    return labelled(views)


def collect_conditions(file: Path, *, stage: StateName = "trained", trust: bool = False) -> list[NetworkView]:
    """Return the networks that a conditions file names.

    The file is YAML: condition -> ``{run: FOLDER, levels: [3], replicates: [0, 1], controls: [reinit], stage:
    initial, winning: accuracy-margin}``, or a list of such; folders are relative to the file. Only ``run`` is needed.

    Raises
    ------
    TombolaError
        If it is no such file, or names what is not there.
    """
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TombolaError(f"{file} cannot be read as conditions: {error}") from None
    if not isinstance(content, dict) or not content:
        raise TombolaError(f"{file} names no conditions; it must map each to a run: 'tickets: {{run: runs/…}}'")
    views = []
    for name, parts in content.items():
        for part in parts if isinstance(parts, list) else [parts]:
            views += _condition_part(file, str(name), part, stage, trust)
    return labelled(views)


def runs_of(file: Path) -> list[Path]:
    """Return the run folders that a conditions file names, in order."""
    content = yaml.safe_load(file.read_text())
    parts = [part for given in content.values() for part in (given if isinstance(given, list) else [given])]
    return [file.parent / str(part["run"]) for part in parts]


def _condition_part(file: Path, name: str, part: Any, stage: StateName, trust: bool) -> list[NetworkView]:
    if not isinstance(part, Mapping) or "run" not in part:
        raise TombolaError(f"{file}: condition '{name}' names no run; write '{name}: {{run: FOLDER}}'")
    for key in part:
        if key not in CONDITION_KEYS:
            raise TombolaError(
                f"{file}: condition '{name}' has an unknown key '{key}'{nearest(str(key), CONDITION_KEYS)}"
            )
    controls = [str(control) for control in part.get("controls", ())]
    views = collect(
        [file.parent / str(part["run"])],
        levels=part.get("levels"),
        replicates=part.get("replicates"),
        controls=[control for control in controls if control != TICKET],
        stage=part.get("stage", stage),
        condition=name,
        winning=part.get("winning"),
        trust=trust,
    )
    return [view for view in views if not controls or view.control in controls]


def _condition(run: Run, job: JobId, level: bool) -> str:
    parts = [
        run.spec.name,
        *([f"level {job.level}"] if level else []),
        *([job.control] if job.control != TICKET else []),
    ]
    return ", ".join(parts)


def labelled(views: Sequence[NetworkView]) -> list[NetworkView]:
    """Return views labelled by run, replicate and level (and control), runs without their key where that is enough."""
    keys: dict[str, set[str]] = {}
    for view in views:
        keys.setdefault(view.run.rpartition("-")[0], set()).add(view.run)
    named = []
    for view in views:
        name = view.run.rpartition("-")[0]
        run = name if len(keys[name]) == 1 else view.run
        control = f"/{view.control}/{view.repetition}" if view.control != TICKET else ""
        named.append(replace(view, label=f"{run}/{view.replicate}/{view.level}{control}"))
    return named


def _view(
    run: Run, job: JobId, stage: StateName, graphs: dict[str, LayerGraph | None], condition: str, trust: bool
) -> NetworkView | None:
    ticket, info = run.ticket(*job), run.jobs[job]
    try:
        mask, provenance = ticket.mask, ticket.provenance
    except TombolaError:
        return None  # imported without a mask
    key = repr(provenance.get("network"))
    if key not in graphs:
        found = stored_graph(provenance, trust=trust)
        graphs[key] = None if isinstance(found, str) else found
    known = job.control == TICKET and JobId(job.replicate, 0) in run.jobs
    return NetworkView(
        label=str(job),
        condition=condition,
        layers=tuple(PrunableLayer(name, info.kinds[name], shape) for name, shape in mask.shapes().items()),  # type: ignore[arg-type]
        mask=mask,
        read=partial(_state, ticket, stage),
        graph=graphs[key],
        build=partial(_module, ticket) if graphs[key] is not None else None,
        begin=partial(_begin, run, job.replicate) if known else None,
        run=run.path.name,
        replicate=job.replicate,
        level=job.level,
        control=job.control,
        repetition=job.repetition,
        stage=stage,
    )


def _state(ticket: StoredTicket, stage: StateName) -> State:
    return {
        "initial": lambda: ticket.initial,
        "trained": lambda: ticket.trained,
        "early_stop": lambda: ticket.early_stop,
    }[stage]()


def _module(ticket: StoredTicket) -> Any:
    provenance = ticket.provenance
    return build(NetworkSpec(**provenance["network"]), tuple(provenance["input_shape"]), provenance["classes"])


def _begin(run: Run, replicate: int) -> State:
    return run.ticket(replicate, 0).initial

"""Networks of runs, gathered for an analysis, in named conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from tombola.analysis.inspect_graph import stored_graph
from tombola.analysis.inspect_networks import chosen_jobs
from tombola.analysis.lineage import Lineages
from tombola.analysis.material import NetworkView
from tombola.analysis.winning import accepted
from tombola.errors import TombolaError, nearest
from tombola.networks import LayerGraph, PrunableLayer, State, build
from tombola.specs import NetworkSpec
from tombola.store import JobId, Run, StoredTicket, open_run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName


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
        What all of them are called; by default by run, level and control, each where there are several.
    winning
        A criterion (`tombola.analysis.winning`): pruned tickets that it does not accept are left out, and with them
        their controls.
    trust
        Build networks that other people's code makes.

    Raises
    ------
    TombolaError
        If a stage, level, replicate or control does not exist, or nothing is finished, or nothing of a control.
    """
    if stage not in get_args(StateName):
        raise TombolaError(f"stage '{stage}'{nearest(stage, get_args(StateName))}")
    views: list[NetworkView] = []
    lacking = dict.fromkeys(controls)
    for given in runs:
        run = given if isinstance(given, Run) else open_run(given, trust=trust)
        asked = [run.spec.prune.levels] if levels is None else list(levels)
        jobs = [job for job in chosen_jobs(run, replicates, asked, controls) if run.jobs[job].status == "done"]
        for job in jobs:
            lacking.pop(job.control, None)
        if winning is not None:
            won = accepted(run, winning)
            jobs = [job for job in jobs if job.level == 0 or (job.replicate, job.level) in won]
        several = {"run": len(runs) > 1, "level": len({job.level for job in jobs}) > 1}
        known = _Known(Lineages(run, trust), trust)
        for job in jobs:
            view = _view(run, job, stage, known, condition or _condition(run.spec.name, job, **several))
            if view is not None:
                views.append(view)
    if views and lacking:
        raise TombolaError(
            f"no network of control '{next(iter(lacking))}' is finished at the chosen levels and replicates; the dense "
            "level has no controls, and `control_levels: last` makes those of the last level only"
        )
    if not views and winning is not None:
        raise TombolaError(
            f"no chosen ticket is accepted by '{winning}'; `tombola show RUN --winning {winning}` has the numbers"
        )
    if not views:
        raise TombolaError("no finished network with a known mask is there; choose other levels, or finish the run")
    return labelled(views)


def _condition(spec_name: str, job: JobId, run: bool, level: bool) -> str:
    parts = [
        *([spec_name] if run else []),
        *([f"level {job.level}"] if level else []),
        *([job.control] if job.control != TICKET else []),
    ]
    return ", ".join(parts) or spec_name


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


@dataclass
class _Known:
    """What is found once for all networks of a run."""

    lineages: Lineages
    trust: bool
    graphs: dict[str, LayerGraph | None] = field(default_factory=dict)

    def graph(self, provenance: Mapping[str, Any]) -> LayerGraph | None:
        key = repr(provenance.get("network"))
        if key not in self.graphs:
            found = stored_graph(provenance, trust=self.trust)
            self.graphs[key] = None if isinstance(found, str) else found
        return self.graphs[key]


def _view(run: Run, job: JobId, stage: StateName, known: _Known, condition: str) -> NetworkView | None:
    ticket, info = run.ticket(*job), run.jobs[job]
    try:
        mask, provenance = ticket.mask, ticket.provenance
    except TombolaError:
        return None  # imported without a mask
    graph, lineage = known.graph(provenance), known.lineages.of(job, ticket)
    return NetworkView(
        label=str(job),
        condition=condition,
        layers=tuple(PrunableLayer(name, info.kinds[name], shape) for name, shape in mask.shapes().items()),  # type: ignore[arg-type]
        mask=mask,
        read=partial(_state, ticket, stage),
        graph=graph,
        build=partial(_module, ticket) if graph is not None or _buildable(provenance, known.trust) else None,
        begin=lineage.begin,
        own=lineage.own,
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


def _buildable(provenance: Mapping[str, Any], trust: bool) -> bool:
    """Return whether a network without a layer graph can be built: one of trusted code that cannot be traced."""
    known = {"network", "input_shape", "classes"} <= provenance.keys()
    return trust and known and bool(provenance["network"].get("factory"))


def _module(ticket: StoredTicket) -> Any:
    provenance = ticket.provenance
    return build(NetworkSpec(**provenance["network"]), tuple(provenance["input_shape"]), provenance["classes"])

"""What is published of a job: who it is, what came of it, and the states the policy keeps."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

import tombola
from tombola.experiments.assess import result_tables
from tombola.experiments.bench import Bench
from tombola.experiments.controls import controls
from tombola.experiments.graph import Job
from tombola.experiments.trial import Trial, with_initial
from tombola.networks import PrunableLayer
from tombola.networks.state import State
from tombola.pruning import Mask, Ticket
from tombola.records import Records
from tombola.store.folder import TICKET
from tombola.store.jobs import EARLY_STOP, REWIND, TRAINED, JobInfo, read_info
from tombola.store.publishing import publish_job
from tombola.training import FitResult

Layers = tuple[PrunableLayer, ...]


def publish_trained(job: Job, bench: Bench, started: str, layers: Layers, trial: Trial, result: FitResult) -> JobInfo:
    """Publish what a trial's training came to, done or failed.

    Raises
    ------
    TombolaError
        If it cannot be written.
    """
    ticket, found, tables = trial.ticket, dict(trial.found), dict(trial.tables)
    masks = {}
    if result.journey is not None:
        ticket = with_initial(ticket, trial.whole or ticket.initial, result.journey.mask)
        found |= result.journey.summary()
        tables["moves.csv"] = result.journey.rows
        masks = {EARLY_STOP: result.early_stop_mask or ticket.mask}
    info = JobInfo(**_identity(job, started), **_outcome(result, ticket.mask, layers), finished=now(), found=found)
    keep_initial = bench.spec.store.keep != "masks" or (job.id.level == 0 and job.id.control == TICKET)
    told = Ticket(ticket.initial, ticket.mask, {**ticket.provenance, **_provenance(job, bench)})
    tables |= result_tables(bench, info, trial, result)
    publish_job(
        *(bench.folder, info, told, result.records, _kept(job, bench, result)),
        with_initial=keep_initial,
        tables=tables,
        extra=trial.states if bench.spec.store.keep == "all" else {},
        masks=masks,
    )
    return info


def publish_refused(job: Job, bench: Bench, started: str, layers: Layers, mask: Mask | None, reason: str) -> JobInfo:
    """Publish as failed a job that has nothing to train; `mask` is what it would have begun with, where that is known.

    Raises
    ------
    TombolaError
        If it cannot be written.
    """
    counts = _reported(job, bench) if mask is None else _counts(mask, layers)
    info = JobInfo(**_identity(job, started), **counts, status="failed", reason=reason, finished=now())
    publish_job(bench.folder, info, None if mask is None else Ticket({}, mask, {}), _no_records(), {})
    return info


def _reported(job: Job, bench: Bench) -> dict[str, Any]:
    """Return what an imported ticket without a mask says of its density."""
    ticket = read_info(bench.folder.job(job.parent or job.id))
    return {"density": ticket.density, "sizes": ticket.sizes, "kinds": ticket.kinds}


def versions() -> dict[str, str]:
    """Return the versions that a job's bits depend on."""
    return {"tombola": tombola.__version__, "torch": str(torch.__version__)}


def now() -> str:
    """Return the time as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _identity(job: Job, started: str) -> dict[str, Any]:
    return {
        "key": job.key,
        "parent": str(job.parent.path) if job.parent else None,
        **job.id._asdict(),
        "versions": versions(),
        "started": started,
    }


def _outcome(result: FitResult, mask: Mask, layers: Layers) -> dict[str, Any]:
    stop = result.records.early_stop() if result.status == "done" else None
    return _counts(mask, layers) | {
        "status": result.status,
        "reason": result.reason,
        "convergence": {} if result.convergence is None else result.convergence.row(),
        "early_stop_step": None if stop is None else int(result.records.step[stop]),
        "engine": result.engine,
        "device": result.device,
        "threads": result.threads,
        "seconds": round(result.seconds, 3),
        "evaluation_seconds": round(result.evaluation_seconds, 3),
    }


def _counts(mask: Mask, layers: Layers) -> dict[str, Any]:
    return {
        "density": mask.density,
        "remaining": mask.remaining(),
        "sizes": mask.sizes(),
        "kinds": {layer.name: layer.kind for layer in layers},
    }


def _provenance(job: Job, bench: Bench) -> dict[str, Any]:
    """Return what a ticket's file says of itself, so that it stands alone; nothing that differs between equal jobs."""
    return {
        **job.id._asdict(),
        "key": job.key,
        "input_shape": list(bench.shape.input_shape),
        "classes": bench.shape.classes,
        "network": bench.spec.network.model_dump(mode="json", exclude={"weights"}),
    }


def _kept(job: Job, bench: Bench, result: FitResult) -> dict[str, State]:
    """Return the states the policy keeps; a ticket's trained state stays until its next level is done (retain.py)."""
    keep = bench.spec.store.keep
    states: dict[str, State] = {}
    if result.status != "done":
        return states
    if keep == "all" or job.id.control == TICKET or controls[job.id.control].chains:
        states[TRAINED] = result.trained
    if keep != "masks" and result.early_stop is not None:
        states[EARLY_STOP] = result.early_stop
    for state in result.snapshots.values():
        states[REWIND] = state
    return states


def _no_records() -> Records:
    empty = np.zeros(0)
    return Records(np.zeros(0, np.int64), np.zeros(0, np.uint8), empty, empty, empty, empty)

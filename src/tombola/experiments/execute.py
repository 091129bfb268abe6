"""One job, from what it needs on disk to its published result. Runs the same in any process of any executor."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

import tombola
from tombola.data import Dataset
from tombola.errors import TombolaError
from tombola.experiments.control import ControlContext, controls
from tombola.experiments.engines import EngineChoice
from tombola.experiments.events import JobProgress, JobStarted, Listener, silent
from tombola.experiments.graph import Job
from tombola.experiments.procedure import LevelContext, procedures
from tombola.experiments.trial import Shape, Trial
from tombola.networks import PrunableLayer, build, prunable_layers
from tombola.networks.state import State, restore
from tombola.pruning import Mask, Ticket
from tombola.records import Records
from tombola.specs import ExperimentSpec, Length
from tombola.store import JobId, RunFolder, StoredTicket
from tombola.store.folder import TICKET
from tombola.store.jobs import EARLY_STOP, REWIND, TRAINED, JobInfo, publish_job, read_info
from tombola.training import FitResult, fit
from tombola.training.placement import threads_set


@dataclass(frozen=True)
class Bench:
    """What every job of a run shares in one process: the experiment, its data, its folder."""

    spec: ExperimentSpec
    data: Dataset
    folder: RunFolder
    engines: EngineChoice

    @property
    def shape(self) -> Shape:
        """Input and classes of the network."""
        return Shape(self.data.input_shape, len(self.data.classes))


def execute(job: Job, bench: Bench, tell: Listener = silent) -> JobInfo:
    """Train one job and publish its result; tell how it goes. All of it on the threads a job has.

    A job that cannot be trained (scores that are not finite, a loss that becomes NaN) is published as failed, with
    the reason.

    Raises
    ------
    TombolaError
        If the result cannot be written.
    """
    with threads_set(bench.engines.threads):
        return _execute(job, bench, tell)


def _execute(job: Job, bench: Bench, tell: Listener) -> JobInfo:
    started = datetime.now(UTC)
    info = _identity(job, bench) | {"started": started.isoformat(timespec="seconds")}
    spec = bench.spec
    module = build(spec.network, bench.shape.input_shape, bench.shape.classes)
    layers = prunable_layers(module, spec.network.prunable)
    try:
        trial = make_trial(job, bench)
    except TombolaError as error:
        mask = stored(job.parent, bench).mask if job.parent else Mask.dense(layers)
        failed = JobInfo(**info, **_counts(mask, layers), status="failed", reason=f"{job.id}: {error}", finished=_now())
        publish_job(bench.folder, failed, Ticket({}, mask, {}), _no_records(), {})
        return failed
    restore(module, trial.ticket.initial)
    train = trial.train or spec.train
    last = Length.parse(train.length).steps(len(bench.data.train) // train.batch_size)
    tell(JobStarted(job.id, trial.ticket.mask.density, trial.start_step, last))
    result = fit(
        module,
        bench.data,
        train,
        mask=trial.ticket.mask,
        seed=spec.seed,
        replicate=job.id.replicate,
        start_step=trial.start_step,
        snapshots=(spec.prune.rewind_step,) if job.parent is None and spec.prune.rewind_step else (),
        engine=bench.engines.levels[job.id.level],
        device=bench.engines.device,
        threads=bench.engines.threads,
        on_record=lambda progress: tell(JobProgress(job.id, progress)),
    )
    done = JobInfo(**info, **_outcome(result, trial.ticket.mask, layers), finished=_now())
    keep_initial = spec.store.keep != "masks" or (job.id.level == 0 and job.id.control == TICKET)
    ticket = Ticket(trial.ticket.initial, trial.ticket.mask, {**trial.ticket.provenance, **_provenance(job, bench)})
    publish_job(bench.folder, done, ticket, result.records, _kept(job, bench, result), with_initial=keep_initial)
    return done


def make_trial(job: Job, bench: Bench) -> Trial:
    """Return what the job trains, made from the jobs it needs."""
    spec, (replicate, level, control, repetition) = bench.spec, job.id
    parent = stored(job.parent, bench) if job.parent else None
    if control != TICKET:
        if parent is None:
            raise TombolaError(f"{job.id} is a control of nothing")
        return controls[control](ControlContext(spec, bench.shape, replicate, level, control, repetition, parent))
    dense = stored(JobId(replicate, 0), bench) if parent else None
    return procedures[spec.prune.procedure].trial(LevelContext(spec, bench.shape, replicate, level, parent, dense))


def stored(job: JobId, bench: Bench) -> StoredTicket:
    """Return a finished job's ticket."""
    path = bench.folder.job(job)
    return StoredTicket(path, read_info(path), bench.spec.network)


def _identity(job: Job, bench: Bench) -> dict[str, Any]:
    return {
        "key": job.key,
        "parent": str(job.parent.path) if job.parent else None,
        **job.id._asdict(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions that a job's bits depend on."""
    return {"tombola": tombola.__version__, "torch": str(torch.__version__)}


def _outcome(result: FitResult, mask: Mask, layers: tuple[PrunableLayer, ...]) -> dict[str, Any]:
    stop = result.records.early_stop() if result.status == "done" else None
    return _counts(mask, layers) | {
        "status": result.status,
        "reason": result.reason,
        "early_stop_step": None if stop is None else int(result.records.step[stop]),
        "engine": result.engine,
        "device": result.device,
        "threads": result.threads,
        "seconds": round(result.seconds, 3),
        "evaluation_seconds": round(result.evaluation_seconds, 3),
    }


def _counts(mask: Mask, layers: tuple[PrunableLayer, ...]) -> dict[str, Any]:
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
        "network": bench.spec.network.model_dump(mode="json"),
    }


def _kept(job: Job, bench: Bench, result: FitResult) -> dict[str, State]:
    """Return the states the policy keeps; a ticket's trained state stays until its next level is done (retain.py)."""
    keep = bench.spec.store.keep
    states: dict[str, State] = {}
    if result.status != "done":
        return states
    if keep == "all" or job.id.control == TICKET:
        states[TRAINED] = result.trained
    if keep != "masks" and result.early_stop is not None:
        states[EARLY_STOP] = result.early_stop
    for state in result.snapshots.values():
        states[REWIND] = state
    return states


def _no_records() -> Records:
    empty = np.zeros(0)
    return Records(np.zeros(0, np.int64), np.zeros(0, np.uint8), empty, empty, empty, empty)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

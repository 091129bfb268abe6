"""The trial of a job, made from the finished jobs it needs."""

from functools import partial

from tombola.errors import TombolaError
from tombola.experiments.bench import Bench
from tombola.experiments.controls import ControlContext, controls
from tombola.experiments.events import JobFinding, Listener, silent
from tombola.experiments.graph import Job
from tombola.experiments.procedures import LevelContext, Workplace, procedures
from tombola.experiments.trial import Trial
from tombola.store import JobId, StoredTicket
from tombola.store.folder import TICKET
from tombola.store.jobs import read_info


def make_trial(job: Job, bench: Bench, tell: Listener = silent) -> Trial:
    """Return what the job trains, made from the jobs it needs; tell how far that is where it takes long."""
    spec, (replicate, level, control, repetition) = bench.spec, job.id
    parent = stored(job.parent, bench) if job.parent else None
    per_epoch = len(bench.data.train) // spec.train.batch_size
    if control != TICKET:
        if parent is None:
            raise TombolaError(f"{job.id} is a control of nothing")
        rule = controls[control]
        context = ControlContext(
            *(spec, bench.shape, replicate, level, control, repetition, parent),
            dense=stored(JobId(replicate, 0), bench),
            needed=tuple(stored(need, bench) for need in rule.needs(job.id)),
            per_epoch=per_epoch,
        )
        return rule(context)
    dense = stored(JobId(replicate, 0), bench) if parent else None
    room = Workplace(bench.data, bench.engines.device, bench.engines.threads, partial(_finding, job.id, tell))
    level_context = LevelContext(spec, bench.shape, replicate, level, parent, dense, per_epoch, room)
    return procedures[spec.prune.procedure].trial(level_context)


def _finding(job: JobId, tell: Listener, what: str, done: int, total: int) -> None:
    tell(JobFinding(job, what, done, total))


def stored(job: JobId, bench: Bench) -> StoredTicket:
    """Return a finished job's ticket."""
    path = bench.folder.job(job)
    return StoredTicket(path, read_info(path), bench.spec.network)

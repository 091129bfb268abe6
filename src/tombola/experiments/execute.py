"""Jobs, from what they need on disk to their published results. Runs the same in any process of any executor."""

import traceback
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tombola.errors import TombolaError
from tombola.experiments.bench import Bench
from tombola.experiments.events import (
    BundleParted,
    Ended,
    JobFinished,
    JobLost,
    JobProgress,
    JobStarted,
    Listener,
    silent,
)
from tombola.experiments.graph import Job
from tombola.experiments.imported import refuse_unknown
from tombola.experiments.result import now, publish_refused, publish_trained
from tombola.experiments.trial import Trial
from tombola.experiments.trials import make_trial, stored
from tombola.networks import PrunableLayer, build
from tombola.networks.state import restore
from tombola.pruning import Mask
from tombola.specs import Length, TrainSpec
from tombola.store.jobs import JobInfo
from tombola.training import FitResult, Progress, Task, fit_tasks
from tombola.training.placement import threads_set


class Begun(NamedTuple):
    """A job that began at a time; what it trains, and by which recipe."""

    job: Job
    started: str
    trial: Trial
    train: TrainSpec


def execute(jobs: Sequence[Job], bench: Bench, tell: Listener = silent) -> Iterator[Ended]:
    """Train jobs and publish their results, each as soon as it is there; tell how it goes.

    Jobs of one engine and one recipe are handed to it together. What they end in does not depend on that: a job that
    cannot be trained (scores that are not finite, a loss that becomes NaN) is published as failed, with the reason,
    and the others go on.

    Parameters
    ----------
    jobs
        Jobs whose needs are complete.
    bench
        What they find here.
    tell
        Hears of starts and records.

    Yields
    ------
    JobFinished or JobLost
        How each ended. The generator holds nothing while it waits: the threads of this process are its own again.

    Raises
    ------
    TombolaError
        If a result cannot be written.
    """
    together: dict[tuple[str, TrainSpec], list[Begun]] = {}
    for job in jobs:
        begun = _begin(job, bench, tell)
        if isinstance(begun, Begun):
            together.setdefault((bench.engine(job), begun.train), []).append(begun)
        else:
            yield begun
    for group in together.values():
        yield from _trained(group, bench, tell)


def _begin(job: Job, bench: Bench, tell: Listener) -> Begun | Ended:
    """Make a job's trial, or say how it ended without one."""
    started = now()
    try:
        with threads_set(bench.engines.threads):
            try:
                trial = make_trial(job, bench, tell)
                refuse_unknown(trial, bench)
            except TombolaError as error:
                return JobFinished(job.id, _refused(job, bench, started, str(error)))
    except TombolaError:
        raise
    except Exception:
        return JobLost(job.id, traceback.format_exc().strip())
    return Begun(job, started, trial, trial.train or bench.spec.train)


def _trained(group: Sequence[Begun], bench: Bench, tell: Listener) -> Iterator[Ended]:
    """Train jobs of one engine and recipe together, and publish them.

    Where that breaks for a reason that is no job's own (memory that was estimated too small), halves of them are
    tried, down to single jobs: results do not depend on it.
    """
    try:
        results = _fitted(group, bench, tell)
    except (TombolaError, ConnectionError):  # whoever listened may be gone
        raise
    except Exception:
        reason = traceback.format_exc().strip()
    else:
        for begun, result in zip(group, results, strict=True):
            yield _published(begun, result, bench)
        return
    if len(group) == 1:
        yield JobLost(group[0].job.id, reason)
        return
    tell(BundleParted(tuple(begun.job.id for begun in group), reason))
    half = len(group) // 2
    for part in (group[:half], group[half:]):
        yield from _trained(part, bench, tell)


def _fitted(group: Sequence[Begun], bench: Bench, tell: Listener) -> list[FitResult]:
    train = group[0].train
    last = Length.parse(train.length).steps(len(bench.data.train) // train.batch_size)
    for begun in group:
        tell(JobStarted(begun.job.id, begun.trial.ticket.mask.density, begun.trial.start_step, last))

    def on_record(progress: Progress) -> None:
        tell(JobProgress(group[progress.task].job.id, progress))

    with threads_set(bench.engines.threads):
        return fit_tasks(
            [_task(begun, bench) for begun in group],
            bench.data,
            train,
            engine=bench.engine(group[0].job),
            device=bench.engines.device,
            threads=bench.engines.threads,
            on_record=on_record,
        )


def _published(begun: Begun, result: FitResult, bench: Bench) -> Ended:
    job, started, trial, _ = begun
    try:
        return JobFinished(job.id, publish_trained(job, bench, started, bench.layers(), trial, result))
    except TombolaError:
        raise
    except Exception:
        return JobLost(job.id, traceback.format_exc().strip())


def _task(begun: Begun, bench: Bench) -> Task:
    """Return what an engine is told of a job, its network freshly built."""
    spec, (job, trial) = bench.spec, (begun.job, begun.trial)
    module = build(spec.network, bench.shape.input_shape, bench.shape.classes)
    restore(module, trial.ticket.initial)
    return Task(
        module,
        trial.ticket.mask,
        spec.seed if trial.seed is None else trial.seed,
        job.id.replicate,
        trial.start_step,
        (spec.prune.rewind_step,) if job.parent is None and spec.prune.rewind_step else (),
        trial.moves,
    )


def _refused(job: Job, bench: Bench, started: str, reason: str) -> JobInfo:
    layers = bench.layers()
    mask = _mask_to_blame(job, bench, layers)
    return publish_refused(job, bench, started, layers, mask, f"{job.id}: {reason}")


def _mask_to_blame(job: Job, bench: Bench, layers: tuple[PrunableLayer, ...]) -> Mask | None:
    """Return the mask a job that cannot be trained starts from; None where an imported run does not know it."""
    if job.parent is None:
        return Mask.dense(layers)
    try:
        return stored(job.parent, bench).mask
    except TombolaError:
        return None

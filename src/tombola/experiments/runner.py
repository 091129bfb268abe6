"""Running an experiment: idempotent, resumable job by job, growing without repeating anything."""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tombola.data import SPLIT_FILE, names_of, prepare, write_split
from tombola.data.dataset import Dataset
from tombola.errors import TombolaError
from tombola.experiments import estimate
from tombola.experiments.adopt import adopt
from tombola.experiments.bundles import Sharing, share_out
from tombola.experiments.environment import environment
from tombola.experiments.events import (
    DataPrepared,
    Event,
    JobFinished,
    JobsBundled,
    Listener,
    RunEstimated,
    RunStarted,
    silent,
)
from tombola.experiments.executors import Executor, WorkerSetup, make_executor
from tombola.experiments.forecast import needs_kernels, ready_kernels
from tombola.experiments.graph import Job
from tombola.experiments.log import RunLog
from tombola.experiments.outcome import Outcome
from tombola.experiments.plan import Plan, make_plan
from tombola.experiments.retain import drop_trained
from tombola.specs import ExperimentSpec
from tombola.store import JobId
from tombola.store.folder import TICKET
from tombola.store.jobs import JobInfo


def run(
    spec: ExperimentSpec,
    out: str | Path = "runs",
    *,
    workers: int | None = 1,
    listener: Listener = silent,
) -> Outcome:
    """Run an experiment, or whatever of it is still to do.

    Parameters
    ----------
    spec
        The experiment.
    out
        The folder that run folders lie in.
    workers
        Jobs at a time: 1 trains in this process; None takes as many worker processes as there are cores. Scripts that
        use more than one need the usual ``if __name__ == "__main__":`` guard.
    listener
        Called with every event (`tombola.experiments.events`).

    Raises
    ------
    TombolaError
        If the experiment cannot start, another process writes the same run, or results cannot be written.
        Finished jobs are always kept.
    """
    start = time.monotonic()
    plan = make_plan(spec, Path(out), listener)
    finished = plan.finished()
    outcome = Outcome(plan.folder.path, len(plan.jobs))
    if len(finished) < len(plan.jobs) and _can_go_on(plan, finished):
        with plan.folder.writing():
            _work(plan, outcome, workers, listener)
        finished = plan.finished()
    outcome.failed = [info for info in finished.values() if info.status == "failed"]
    outcome.blocked = len(plan.jobs) - len(finished) - len(outcome.lost)
    outcome.seconds = time.monotonic() - start
    return outcome


def _can_go_on(plan: Plan, finished: dict[JobId, JobInfo]) -> bool:
    return bool(_ready(plan.jobs.values(), finished, set()))


def _work(plan: Plan, outcome: Outcome, workers: int | None, listener: Listener) -> None:
    folder, log = plan.folder, RunLog(plan.folder.log_file)
    folder.clear_workshop()
    folder.write_spec(plan.spec)
    plan.engines.write(folder)
    prepare(plan.spec.data, lambda work: listener(DataPrepared(work)))
    data = plan.load()
    _same_data(plan, data)
    outcome.adopted = len(adopt(plan.spec, plan.jobs, folder))
    finished = plan.finished()
    pending = [job for job in plan.jobs if job not in finished]
    sharing = share_out(plan, data, workers, pending)

    def tell(event: Event) -> None:
        log(event)
        listener(event)

    log.line(f"{plan.spec.name}: data {data.name}, {plan.steps} steps a training, a record every {plan.interval}")
    log.line(
        f"train {len(data.train.labels)} samples in {plan.batches_per_epoch} batches, "
        f"validation {len(data.validation.labels)}, test {len(data.test.labels)}"
    )
    if outcome.adopted:
        log.line(f"{outcome.adopted} jobs taken over from other runs in {folder.path.parent}")
    if pending:
        for line in plan.forecast.lines(plan.engines.levels):
            log.line(line)
        if needs_kernels(plan.engines.levels, (job.level for job in pending)):
            ready_kernels(tell)
        cost = estimate.measure(plan, data)
        tell(RunEstimated(estimate.seconds(plan, cost, pending, sharing.workers), estimate.disk(plan, pending)))
        tell(RunStarted(folder.path, len(plan.jobs), len(pending), sum(map(plan.steps_of, pending)), sharing.workers))
        for line in sharing.lines():
            log.line(line)
        executor = make_executor(WorkerSetup(plan.spec, folder.path, plan.engines), sharing.workers)
        try:
            _drive(plan, sharing, executor, finished, outcome, tell)
        finally:
            executor.close()
            with suppress(TombolaError):
                folder.clear_workshop()
    log.line(f"{outcome.trained} jobs trained, {len(outcome.lost)} lost")


def _drive(
    plan: Plan,
    sharing: Sharing,
    executor: Executor,
    finished: dict[JobId, JobInfo],
    outcome: Outcome,
    tell: Listener,
) -> None:
    """Keep the executor busy until nothing more can run."""
    running: set[JobId] = set()
    lost: set[JobId] = set()
    while True:
        for bundle in sharing.bundles(_ready(plan.jobs.values(), finished, running | lost), executor.free):
            jobs = tuple(job.id for job in bundle)
            if len(jobs) > 1:
                tell(JobsBundled(jobs))
            executor.submit(bundle)
            running.update(jobs)
        if not running:
            return
        for event in executor.wait(tell):
            running.discard(event.job)
            if isinstance(event, JobFinished):
                finished[event.job] = event.info
                outcome.trained += 1
                drop_trained(plan.spec, plan.folder, plan.jobs, event.job)
            else:
                lost.add(event.job)
                outcome.lost.append(event)
            tell(event)


def _ready(jobs: Iterable[Job], finished: dict[JobId, JobInfo], taken: set[JobId]) -> list[Job]:
    """Return the jobs that can start, tickets before controls: further levels wait for tickets only."""
    ready = [
        job
        for job in jobs
        if job.id not in finished
        and job.id not in taken
        and all(need in finished and finished[need].status == "done" for need in job.needs)
    ]
    return sorted(ready, key=lambda job: (job.id.control != TICKET, job.id.level, job.id.replicate, job.id))


def _same_data(plan: Plan, data: Dataset) -> None:
    """Record what the run was started in, or check that the data are still the same."""
    if plan.folder.imported:  # on which images it was trained is not known to the bit
        return
    before = plan.folder.read_environment().get("data")
    now = environment(data, plan.engines, plan.plugins)
    if before is None:
        plan.folder.write_environment(now)
        if plan.spec.data.split != "drawn":
            write_split(names_of(data), plan.folder.path / SPLIT_FILE)
    elif (before["digest"], before["split_digest"]) != (data.digest, data.split.digest):
        raise TombolaError(
            f"data.name = '{data.name}': the images differ from those this run was started with "
            f"(digest {data.digest[:12]}, not {before['digest'][:12]}); give the same data, or another --out"
        )

"""What a run would do: jobs, exact remaining weights, estimated time and disk. Trains nothing but a few timed steps."""

from dataclasses import dataclass, replace
from pathlib import Path

from tombola.experiments import estimate
from tombola.experiments.events import Listener, silent
from tombola.experiments.plan import Plan, make_plan
from tombola.experiments.procedures import procedures
from tombola.experiments.workers import worker_count
from tombola.pruning import LevelPlan, planned_remaining
from tombola.specs import ExperimentSpec
from tombola.store import JobId


@dataclass(frozen=True)
class Preview:
    """A run before it starts.

    Attributes
    ----------
    plan
        The checked experiment.
    pending
        Jobs still to do.
    levels
        Remaining weights per level: exact per layer where the allocation fixes them, else exact in total.
    seconds
        Estimated wall time of the pending jobs.
    bytes
        Estimated disk use of the pending jobs.
    workers
        Jobs that run at a time.
    """

    plan: Plan
    pending: tuple[JobId, ...]
    levels: tuple[LevelPlan, ...]
    seconds: float
    bytes: int
    workers: int


def preview(
    spec: ExperimentSpec, out: str | Path = "runs", workers: int | None = 1, listener: Listener = silent
) -> Preview:
    """Check an experiment and say what running it would mean.

    The listener is told where kernels are compiled, because engines are to be chosen.

    Raises
    ------
    TombolaError
        If it cannot run.
    """
    plan = make_plan(spec, Path(out), listener)
    finished = plan.finished()
    pending = tuple(job for job in plan.jobs if job not in finished)
    count = worker_count(workers, len(pending), plan.engines.threads)
    cost = estimate.measure(plan, plan.load()) if pending else estimate.Cost(0, 0)
    by_layer = procedures[plan.spec.prune.procedure].by_layer
    levels = planned_remaining(plan.layers, plan.spec.prune)
    return Preview(
        plan,
        pending,
        tuple(level if by_layer else replace(level, remaining=None, shares=None) for level in levels),
        estimate.seconds(plan, cost, pending, count),
        estimate.disk(plan, pending),
        count,
    )

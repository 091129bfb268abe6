"""What a run will cost, measured on this machine before it starts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tombola.data.dataset import Dataset, Part
from tombola.experiments.forecast import DENSE
from tombola.experiments.plan import Plan
from tombola.experiments.procedures import procedures
from tombola.experiments.retain import grows_from
from tombola.experiments.trial import fresh_state
from tombola.networks import build
from tombola.networks.state import restore
from tombola.pruning import planned_remaining
from tombola.records import record_steps
from tombola.specs import ConvergeSpec
from tombola.store import JobId
from tombola.store.folder import TICKET
from tombola.training import fit

SAMPLES = 600
"""Images evaluated while measuring: enough to be measurable, a second at most for the networks here."""

FEW, PATIENCE = 16, 2.0
"""Images evaluated at first, and seconds after which that first try is the measurement: large networks on a CPU."""

BYTES = 4
"""Of a stored float."""


@dataclass(frozen=True)
class Cost:
    """Seconds of one training step and of evaluating one image with the dense engine, on the threads of one job."""

    step: float
    image: float


def measure(plan: Plan, data: Dataset, steps: int = 8) -> Cost:
    """Time a few real training steps and a small evaluation of the dense network."""
    module = build(plan.spec.network, plan.shape.input_shape, plan.shape.classes)
    restore(module, fresh_state(plan.spec, plan.shape, seed=0))

    def timed(steps: int, samples: int) -> Cost:
        small = replace(data, validation=_first(data.validation, samples), test=_first(data.test, 1))
        result = fit(
            module,
            small,
            plan.spec.train.model_copy(update={"converge": ConvergeSpec()}),
            engine=DENSE,
            length=f"{steps}st",
            record_every=f"{steps}st",
            device=plan.engines.device,
            threads=plan.engines.threads,
        )
        step = (result.seconds - result.evaluation_seconds) / steps
        return Cost(step, result.evaluation_seconds / (2 * len(small.validation.labels)))

    first = timed(1, FEW)
    if first.step > PATIENCE:
        return first
    return timed(steps, SAMPLES)  # the first call paid for allocation and kernel selection


def seconds(plan: Plan, cost: Cost, pending: Iterable[JobId], workers: int) -> float:
    """Return the estimated wall time of the pending jobs.

    What was measured is the dense engine; levels of another take the share of it that is predicted.
    """
    total = 0.0
    for job in pending:
        level = plan.jobs[job].size_level
        share = plan.forecast.relative(level, plan.engines.levels[level])
        steps = plan.steps_of(job)
        records = len(record_steps(plan.steps - steps, plan.steps, plan.interval))
        images = (
            records * plan.info.sizes.validation + (records if plan.spec.train.test_curve else 2) * plan.info.sizes.test
        )
        total += finding(plan, job) * cost.step
        total += steps * cost.step * share.step + images * cost.image * share.image
    return total / workers


def finding(plan: Plan, job: JobId) -> float:
    """Return what finding a job's mask takes (scoring, searching), in training steps of the dense network."""
    if job.control != TICKET or job.level == 0:
        return 0.0
    procedure = procedures[plan.spec.prune.procedure]
    return procedure.steps(plan.spec, plan.batches_per_epoch, plan.shape.classes)


def disk(plan: Plan, pending: Iterable[JobId]) -> int:
    """Return the bytes that the pending jobs will keep."""
    levels = planned_remaining(plan.layers, plan.spec.prune)
    size = sum(layer.size for layer in plan.layers)
    keep = plan.spec.store.keep
    total = 0
    for job in pending:
        full = keep == "all"
        states = 3 if full else 1 + (keep == "early-stop")
        if not full and job.control == TICKET and grows_from(plan.spec, job):
            states += 1
        if keep == "masks" and job.level > 0:
            states -= 1
        weights = levels[plan.jobs[job].size_level].total
        held = size - weights if plan.spec.prune.holds_values else 0
        total += size // 8 + (states * weights + held) * BYTES + 60 * plan.steps // plan.interval + 4096
    return total


def _first(part: Part, count: int) -> Part:
    return Part(part.images[:count], part.labels[:count])

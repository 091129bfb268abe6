"""What controls share that form a chain of their own: each level goes on from the control of the level above."""

from tombola.specs import ExperimentSpec
from tombola.specs.prune import GRADUAL
from tombola.store import JobId


def above(job: JobId) -> tuple[JobId, ...]:
    """Return the same control one level up; of the first level nothing, for it begins with the dense level."""
    return (job._replace(level=job.level - 1),) if job.level > 1 else ()


def unchained(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse where levels do not go on from each other, or where some of them have no controls."""
    prune = spec.prune
    if prune.procedure not in (GRADUAL, "iterative") or prune.rewinds:
        return (
            f"it is fine-tuned on from level to level, and prune.procedure = '{prune.procedure}' with prune.rewind = "
            f"'{prune.rewind}' is not; take prune.procedure {GRADUAL}"
        )
    if spec.control_levels == "last" and prune.levels > 1:
        return "each level goes on from its control one level up, which control_levels = 'last' leaves out; take all"
    return None

"""The control of whether a mask belongs to its weights: somebody else's mask."""

from tombola.experiments.controls.context import ControlContext, needs_whole
from tombola.experiments.controls.rule import controls
from tombola.experiments.trial import Trial
from tombola.specs import ExperimentSpec
from tombola.store import JobId


def partner(replicate: int, repetition: int) -> int:
    """Return the replicate whose mask a repetition takes: those before it, nearest first, then those after it.

    The rule does not ask how many replicates there are, so partners stay when a run grows.

    Examples
    --------
    >>> [partner(2, repetition) for repetition in range(4)]
    [1, 0, 3, 4]
    """
    return replicate - 1 - repetition if repetition < replicate else repetition + 1


def of_partner(job: JobId) -> tuple[JobId, ...]:
    """Return the partner's ticket at the same level."""
    return (JobId(partner(job.replicate, job.repetition), job.level),)


def too_few(spec: ExperimentSpec, repetitions: int) -> str | None:
    """Refuse where some replicate has no partner left."""
    if spec.replicates <= repetitions:
        times = "" if repetitions == 1 else f" with {repetitions} repetitions"
        return (
            f"it takes the masks of other replicates and needs at least {repetitions + 1}{times}, "
            f"not replicates = {spec.replicates}; give more replicates"
        )
    return needs_whole(spec, repetitions)


@controls.register("other-ticket", needs=of_partner, refuses=too_few, resumes=True)
def other_ticket(context: ControlContext) -> Trial:
    """Take the mask of another replicate's ticket at the same level, over the replicate's own initial weights.

    Each repetition takes the mask of another replicate (`partner`), so R repetitions need R + 1 replicates. With
    ``prune.rewind: step:K`` the weights are the dense network's own at step k under the other mask, and training goes
    on from there as the ticket's does.
    """
    return context.again(context.whole, context.other.mask)

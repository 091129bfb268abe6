"""What finished jobs further ones still start from, so that freeing disk never costs a training."""

from tombola.experiments.controls import controls
from tombola.experiments.procedures import procedures
from tombola.store import JobId, Run
from tombola.store.collect import Protection
from tombola.store.folder import TICKET


def still_needed(run: Run) -> Protection:
    """Return what must stay of a run's finished jobs.

    Everything that a planned job starts from stays whole while that is not done (absent, or failed and perhaps tried
    again): the level above it, the dense level, the ticket of a control and whatever its rule asks for. The trained
    state that one more level would be made from stays too, so that the run can grow. Where the procedure or a control
    is a plug-in that is not imported, nothing is known about it, and so all tickets stay as they are.
    """
    spec = run.spec
    names = spec.control_repetitions()
    if spec.prune.procedure not in procedures or any(name not in controls for name in names):
        return Protection(whole=frozenset(job for job in run.jobs if job.control == TICKET))
    parent = procedures[spec.prune.procedure].parent
    done = {job for job, info in run.jobs.items() if info.status == "done"}
    whole: set[JobId] = set()
    for job in run.planned():
        if job in done:
            continue
        whole.add(JobId(job.replicate, 0))
        if job.control != TICKET:
            whole |= {JobId(job.replicate, job.level), *controls[job.control].needs(job)}
        elif (above := parent(job.level)) is not None:
            whole.add(JobId(job.replicate, above))
    above = parent(spec.prune.levels + 1)
    grows = range(spec.replicates) if above is not None else ()
    trained = {JobId(replicate, above) for replicate in grows if above is not None}
    last = {job for job in run.jobs if job.level == spec.prune.levels and job.control != TICKET}
    return Protection(frozenset(whole), frozenset(trained | {job for job in last if controls[job.control].chains}))

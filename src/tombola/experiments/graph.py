"""The graph of an experiment's jobs: what depends on what, and the key of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from tombola.errors import TombolaError
from tombola.experiments.controls import controls
from tombola.experiments.engines import EngineChoice
from tombola.experiments.procedures import procedures
from tombola.specs import ExperimentSpec
from tombola.specs.keys import digest, job_key
from tombola.store import JobId
from tombola.store.folder import TICKET


@dataclass(frozen=True)
class Job:
    """One training of an experiment.

    Attributes
    ----------
    id
        Replicate, level, control, repetition.
    key
        Hash of everything that determines the result.
    parent
        The job whose result this one starts from; None for a dense network.
    needs
        All jobs that must be complete first.
    dense
        Whether the whole network is trained, whatever the level.
    start
        The job whose trained state it goes on from, or may; None for a dense network, and for controls of a ticket's
        own start.
    """

    id: JobId
    key: str
    parent: JobId | None
    needs: tuple[JobId, ...]
    dense: bool = False
    start: JobId | None = None

    @property
    def size_level(self) -> int:
        """The level whose engine the job takes, and whose weights it has about as many of."""
        return 0 if self.dense else self.id.level


def job_graph(spec: ExperimentSpec, engines: EngineChoice, sources: Mapping[str, str]) -> dict[JobId, Job]:
    """Return every job of an experiment, each after the jobs it needs.

    Parameters
    ----------
    spec
        The experiment.
    engines
        The engine chosen for each level.
    sources
        Digests of what the spec only names (plug-in modules, data handed over).

    Raises
    ------
    TombolaError
        For an unknown procedure or control.
    """
    procedure = procedures[spec.prune.procedure]
    rewind = spec.prune.rewind_step or None
    jobs: dict[JobId, Job] = {}
    for replicate in range(spec.replicates):
        for level in range(spec.prune.levels + 1):
            above = procedure.parent(level)
            parent = None if above is None else JobId(replicate, above)
            key = job_key(
                spec,
                jobs[parent].key if parent else None,
                replicate=replicate,
                level=level or None,
                density=spec.prune.densities[level - 1] if level and spec.prune.densities else None,
                rate=spec.prune.rates[level - 1] if level and spec.prune.rates else None,
                snapshot=None if parent else rewind,
                given=procedure.given(spec, replicate, level),
                **engines.key(level),
                **sources,
            )
            ticket = JobId(replicate, level)
            needs = tuple(dict.fromkeys((parent, JobId(replicate, 0)))) if parent else ()
            jobs[ticket] = Job(ticket, key, parent, needs, start=parent)
    return jobs | _control_jobs(spec, engines, sources, jobs)


def _control_jobs(
    spec: ExperimentSpec, engines: EngineChoice, sources: Mapping[str, str], tickets: dict[JobId, Job]
) -> dict[JobId, Job]:
    """Return the controls of every pruned level, and other orders of the dense one.

    Each needs its ticket, the dense level, and what its rule asks for.
    """
    repetitions = spec.control_repetitions()
    if TICKET in repetitions:
        raise TombolaError(f"controls: '{TICKET}' stands for the ticket itself and cannot be a control's name")
    rules = {name: controls[name] for name in repetitions}
    jobs: dict[JobId, Job] = {}
    for ticket in tickets.values():
        replicate, level, *_ = ticket.id
        for name, rule in rules.items():
            if not spec.controlled(level, name):
                continue
            for repetition in range(repetitions[name]):
                control = JobId(replicate, level, name, repetition)
                more = rule.needs(control)
                known = tickets | jobs
                key = job_key(
                    spec,
                    ticket.key,
                    replicate=replicate,
                    control=name,
                    repetition=repetition,
                    needs=digest([known[need].key for need in more]) if more else None,
                    **engines.key(0 if rule.dense else level),
                    **sources,
                )
                needs = tuple(dict.fromkeys((ticket.id, JobId(replicate, 0), *more)))
                start = (*more, JobId(replicate, 0))[0] if rule.chains else None
                jobs[control] = Job(control, key, ticket.id, needs, rule.dense, start)
    return jobs

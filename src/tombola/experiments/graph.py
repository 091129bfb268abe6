"""The graph of an experiment's jobs: what depends on what, and the key of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from tombola.errors import TombolaError
from tombola.experiments.control import controls
from tombola.experiments.engines import EngineChoice
from tombola.experiments.procedure import procedures
from tombola.specs import ExperimentSpec
from tombola.specs.keys import job_key
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
    """

    id: JobId
    key: str
    parent: JobId | None
    needs: tuple[JobId, ...]


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
    repetitions = spec.control_repetitions()
    for name in repetitions:
        _ = controls[name]
        if name == TICKET:
            raise TombolaError(f"controls: '{TICKET}' stands for the ticket itself and cannot be a control's name")
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
                snapshot=None if parent else rewind,
                **engines.key(level),
                **sources,
            )
            ticket = JobId(replicate, level)
            needs = tuple(dict.fromkeys((parent, JobId(replicate, 0)))) if parent else ()
            jobs[ticket] = Job(ticket, key, parent, needs)
            if level == 0:
                continue
            for name, count in repetitions.items():
                for repetition in range(count):
                    control = JobId(replicate, level, name, repetition)
                    control_key = job_key(
                        spec,
                        key,
                        replicate=replicate,
                        control=name,
                        repetition=repetition,
                        **engines.key(level),
                        **sources,
                    )
                    jobs[control] = Job(control, control_key, ticket, (ticket,))
    return jobs

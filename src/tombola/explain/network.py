"""Networks of a run, as explanations need them: which they are, how dense they are, and how to get them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args

from torch import nn

from tombola.errors import TombolaError, nearest
from tombola.store import JobId, Run, StoredTicket, open_run
from tombola.store.folder import TICKET
from tombola.store.tickets import StateName


@dataclass(frozen=True, eq=False)
class ExplainedNetwork:
    """One network whose decisions are explained.

    Attributes
    ----------
    label
        Unique among the networks of a run: level, control and replicate in words.
    condition
        What its replicates have in common: ``level 3``, ``level 3, reinit``.
    replicate, level, control, repetition
        Where in the run.
    stage
        ``initial``, ``trained`` or ``early_stop``.
    density
        Effective density over the prunable set.
    build
        Makes the network in its state, in evaluation mode.
    """

    label: str
    condition: str
    replicate: int
    level: int
    control: str
    repetition: int
    stage: str
    density: float
    build: Callable[[], nn.Module] = field(repr=False)

    @property
    def compression_rate(self) -> float:
        """One over the density; infinite where nothing remains."""
        return 1 / self.density if self.density else float("inf")

    def module(self) -> nn.Module:
        """Return the network, in evaluation mode; built anew each time, and kept nowhere."""
        return self.build()


def explain_views(
    run: Run | str | Path,
    levels: Sequence[int] | None = None,
    replicates: Sequence[int] | None = None,
    controls: Sequence[str] = (),
    *,
    stage: StateName = "trained",
    trust: bool = False,
) -> list[ExplainedNetwork]:
    """Return the finished networks of a run, in order of level, control, replicate and repetition.

    Nothing is read but masks until a network is asked for its module.

    Parameters
    ----------
    run
        An opened run, or its folder.
    levels, replicates
        Which; by default all.
    controls
        Controls beside the tickets.
    stage
        ``trained``, ``early_stop`` or ``initial``.
    trust
        Build networks that other people's code makes (plug-ins, ``network.factory``).

    Raises
    ------
    TombolaError
        If the run plans no such level, replicate or control, or none of them is finished.
    """
    if stage not in get_args(StateName):
        raise TombolaError(f"stage '{stage}'{nearest(stage, get_args(StateName))}")
    opened = run if isinstance(run, Run) else open_run(run, trust=trust)
    _check(opened, levels, replicates, controls)
    names = (TICKET, *controls)
    jobs = [
        job
        for job, info in opened.jobs.items()
        if info.status == "done"
        and job.control in names
        and (levels is None or job.level in levels)
        and (replicates is None or job.replicate in replicates)
    ]
    if not jobs:
        raise TombolaError(
            f"{opened.path} has no finished network of these; `tombola show {opened.path}` lists what is there"
        )
    jobs.sort(key=lambda job: (job.level, names.index(job.control), job.replicate, job.repetition))
    return [_network(job, opened.ticket(*job), stage) for job in jobs]


def _network(job: JobId, ticket: StoredTicket, stage: StateName) -> ExplainedNetwork:
    condition = f"level {job.level}" + ("" if job.control == TICKET else f", {job.control}")
    number = "" if job.control == TICKET else f" {job.repetition}"
    return ExplainedNetwork(
        label=f"{condition}{number}, replicate {job.replicate}",
        condition=condition,
        replicate=job.replicate,
        level=job.level,
        control=job.control,
        repetition=job.repetition,
        stage=stage,
        density=ticket.mask.density,
        build=partial(ticket.module, stage),
    )


def _check(run: Run, levels: Sequence[int] | None, replicates: Sequence[int] | None, controls: Sequence[str]) -> None:
    spec = run.spec
    for what, asked, last in (("level", levels, spec.prune.levels), ("replicate", replicates, spec.replicates - 1)):
        for number in asked or ():
            if not 0 <= number <= last:
                raise TombolaError(f"the run {spec.name} has no {what} {number}; its {what}s go from 0 to {last}")
    known = list(spec.control_repetitions())
    for name in controls:
        if name not in known:
            raise TombolaError(f"the run {spec.name} has no control '{name}'{nearest(name, known)}")

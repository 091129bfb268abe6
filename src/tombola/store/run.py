"""A run, opened for reading: its spec, its records, its tickets."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import xarray as xr

from tombola.errors import TombolaError
from tombola.specs import ExperimentSpec
from tombola.store import tables
from tombola.store.folder import TICKET, JobId, RunFolder
from tombola.store.jobs import JobInfo, read_info, read_records

if TYPE_CHECKING:
    from tombola.store.tickets import StoredTicket


class LayerInfo(NamedTuple):
    """A prunable layer as the run knows it."""

    name: str
    kind: str
    size: int


class Run:
    """One experiment's results. Reads what is complete when asked; a run that is still going may be opened.

    Attributes
    ----------
    path
        The run folder.
    spec
        The experiment.
    """

    def __init__(self, path: Path, *, trust: bool = False) -> None:
        self.path = path
        self.folder = RunFolder(path)
        self.spec: ExperimentSpec = self.folder.read_spec()
        self._trust = trust or not self.spec.modules

    @cached_property
    def jobs(self) -> dict[JobId, JobInfo]:
        """Every complete job, done or failed."""
        return {job: read_info(self.folder.job(job)) for job in self.folder.existing()}

    def planned(self) -> Iterator[JobId]:
        """Yield every job the experiment consists of, finished or not."""
        for replicate in range(self.spec.replicates):
            for level in range(self.spec.prune.levels + 1):
                yield JobId(replicate, level)
                for control, repetitions in self.spec.control_repetitions().items():
                    if self.spec.controlled(level, control):
                        yield from (JobId(replicate, level, control, r) for r in range(repetitions))

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What the run was started in: versions, processor, device, data digests."""
        return self.folder.read_environment()

    @cached_property
    def records(self) -> xr.Dataset:
        """All records, with dimensions control, repetition, replicate, level, record.

        ``control == "none"`` is the ticket itself. Coordinate ``step(record)`` counts optimiser steps;
        ``on_grid(record)`` is False for the records before the first and after the last step. What does not exist is
        NaN, and ``status`` says why: ``done``, ``failed`` or ``absent``.
        """
        return tables.dataset(
            self.spec, {job: (info, read_records(self.folder.job(job))) for job, info in self.jobs.items()}
        )

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The prunable layers in network order; empty before the first job is complete."""
        for info in self.jobs.values():
            return tuple(LayerInfo(name, info.kinds[name], size) for name, size in info.sizes.items())
        return ()

    @cached_property
    def remaining(self) -> xr.DataArray:
        """Remaining weights (replicate, level, layer); -1 where the level is absent."""
        return tables.remaining(self.spec, self.jobs, [layer.name for layer in self.layers])

    @cached_property
    def density(self) -> xr.DataArray:
        """Density of the ticket (replicate, level); NaN where the level is absent."""
        return tables.density(self.spec, self.jobs)

    @cached_property
    def _early_stop(self) -> pd.DataFrame:
        return tables.early_stop((info, read_records(self.folder.job(job))) for job, info in self.jobs.items())

    def early_stop_table(self) -> pd.DataFrame:
        """Return one row per complete job: early-stop step, losses, accuracies, density, seconds.

        ``initial_val_accuracy`` and ``initial_test_accuracy`` (with ``train.test_curve``) are those before training.
        """
        return self._early_stop.copy()

    def ticket(self, replicate: int, level: int, control: str = TICKET, repetition: int = 0) -> "StoredTicket":
        """Return a ticket with its states.

        Raises
        ------
        TombolaError
            If that job is not complete.
        """
        job = JobId(replicate, level, control, repetition)
        if job not in self.jobs:
            raise TombolaError(f"{self.path} has no {job}; `tombola show {self.path}` lists what is there")
        from tombola.store.tickets import StoredTicket  # with it comes torch

        return StoredTicket(self.folder.job(job), self.jobs[job], self.spec.network, trusted=self._trust)

    def __repr__(self) -> str:
        return f"<Run {self.path.name}: {len(self.jobs)} of {sum(1 for _ in self.planned())} jobs>"


def open_run(path: str | Path, *, trust: bool = False) -> Run:
    """Open a run folder for reading.

    Parameters
    ----------
    path
        The folder, as `tombola run` prints it.
    trust
        Let the run's plug-ins be imported where its networks are rebuilt. Without it nothing a run names is imported.

    Raises
    ------
    TombolaError
        If the folder holds no run, or one of another schema version.

    Examples
    --------
    >>> run = open_run("runs/lenet-digits-0e76177764ce")  # doctest: +SKIP
    >>> run.records.val_accuracy.sel(control="none", level=3).mean("replicate")  # doctest: +SKIP
    """
    run = Run(Path(path), trust=trust)
    if run.spec.modules and trust:
        from tombola.specs.plugins import load_plugins

        load_plugins(run.spec.modules)
    return run

"""Runs made up in memory: real `Run` objects over invented jobs, to test statistics and pages without training."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from tombola.records import Records, record_steps
from tombola.specs import ExperimentSpec
from tombola.store import JobId, Run, RunFolder, tables
from tombola.store.folder import TICKET
from tombola.store.jobs import JobInfo

LAYERS = {"linear.0.weight": 235200, "linear.2.weight": 30000, "output.weight": 1000}
RATES = {"linear.0.weight": 0.2, "linear.2.weight": 0.2, "output.weight": 0.1}
KINDS = {"linear.0.weight": "linear", "linear.2.weight": "linear", "output.weight": "output"}


class SyntheticRun(Run):
    """A run whose jobs are given, not read."""

    def __init__(self, spec: ExperimentSpec, jobs: dict[JobId, tuple[JobInfo, Records]], path: Path) -> None:
        self.path = path
        self.folder = RunFolder(path)
        self.spec = spec
        self._trust = True
        self._all = jobs

    @cached_property
    def jobs(self) -> dict[JobId, JobInfo]:
        return {job: info for job, (info, _) in self._all.items()}

    @cached_property
    def environment(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "started": "2026-01-02T03:04:05+00:00",
            "python": "3.11.7",
            "platform": "Linux",
            "processor": "A processor <fast>",
            "cores": 2,
            "device": "cpu",
            "threads": 1,
            "packages": {"tombola": "0.1.0", "torch": "2.13.0"},
            "data": {
                "name": "mnist",
                "digest": "abc",
                "split_digest": "def",
                "train": 55000,
                "validation": 5000,
                "test": 10000,
            },
            "plugins": {},
        }

    @cached_property
    def records(self) -> xr.Dataset:
        return tables.dataset(self.spec, self._all)

    def early_stop_table(self) -> pd.DataFrame:
        return tables.early_stop(iter(self._all.values()))


def remaining(level: int) -> dict[str, int]:
    """Counts of LeNet-300-100 after `level` rounds, rounding aside."""
    return {name: round(size * (1 - RATES[name]) ** level) for name, size in LAYERS.items()}


def density(level: int) -> float:
    return sum(remaining(level).values()) / sum(LAYERS.values())


Quality = Callable[[JobId], tuple[float, int]]
"""Test accuracy at early stop and early-stop step of a job."""


def realistic(job: JobId) -> tuple[float, int]:
    """Tickets gain a little and stop earlier until they collapse, controls fall with density: the published picture."""
    noise = np.random.default_rng([job.replicate, job.level, job.repetition, len(job.control)]).normal(0, 0.0004)
    sparse = -np.log2(density(job.level))
    if job.control == TICKET:
        gain = 0.0008 * sparse - 0.00015 * sparse**2.4
        step = 5000 * (1 - 0.12 * min(sparse, 3)) + 900 * max(sparse - 3, 0)
    else:
        gain, step = -0.0018 * sparse, 5000 * (1 + 0.25 * sparse)
    return 0.98 + gain + 0.0005 * job.replicate + noise, int(step * (1 + 200 * noise))


def records(accuracy: float, step: int, *, total: int, every: int, seed: int = 0) -> Records:
    """A training whose validation loss is smallest at the record nearest `step`, with that test accuracy there."""
    steps, flags = map(np.array, zip(*record_steps(0, total, every), strict=True))
    stop = steps[1 + np.abs(steps[1:] - step).argmin()]
    x = steps / max(stop, 1)
    wiggle = np.random.default_rng(seed).normal(0, 0.0003, len(steps))
    val_loss = 0.08 + 0.05 * np.abs(np.log(np.maximum(x, 1e-3))) ** 1.5
    curve = accuracy - 0.12 * np.exp(-5 * x) + np.where(steps == stop, 0, wiggle)
    curve += accuracy - curve[steps == stop]
    train_loss = np.where(steps == 0, np.nan, 2.3 * np.exp(-3 * np.sqrt(x)) + 1e-3)
    return Records(steps, flags.astype(np.uint8), train_loss, val_loss, curve - 0.001, curve)


def synthetic_run(
    path: Path,
    *,
    replicates: int = 3,
    levels: int = 6,
    controls: tuple[str, ...] = ("reinit:1",),
    quality: Quality = realistic,
    total: int = 20_000,
    every: int = 1000,
    failed: dict[JobId, str] | None = None,
    absent: Callable[[JobId], bool] = lambda job: False,
    **fields: Any,
) -> SyntheticRun:
    """Return a run with every planned job done but those named failed or absent."""
    spec = ExperimentSpec(
        **{"name": "synthetic", "network": {"linear": (300, 100)}, "data": {"name": "mnist"}}
        | {"replicates": replicates, "controls": controls, "prune": {"levels": levels}}
        | {"train": {"length": f"{total}st", "record_every": f"{every}st"}}
        | fields
    )
    jobs: dict[JobId, tuple[JobInfo, Records]] = {}
    run = SyntheticRun(spec, jobs, path)
    for job in run.planned():
        if absent(job):
            continue
        reason = (failed or {}).get(job)
        accuracy, step = quality(job)
        made = records(accuracy, step, total=total, every=every, seed=job.replicate * 100 + job.level)
        stop = made.early_stop() if reason is None else None
        info = JobInfo(
            key="0" * 12,
            **job._asdict(),
            status="done" if reason is None else "failed",
            reason=reason or "",
            density=density(job.level),
            remaining=remaining(job.level),
            sizes=dict(LAYERS),
            kinds=dict(KINDS),
            early_stop_step=None if stop is None else int(made.step[stop]),
            seconds=10.0 + job.level,
            evaluation_seconds=2.0,
        )
        jobs[job] = (info, made)
    return run

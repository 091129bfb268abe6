"""Jobs gathered into labelled arrays and tables."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from tombola.records import EPOCH_MEASURES, GRID, MEASURES, START, Records
from tombola.specs import ExperimentSpec
from tombola.store.folder import TICKET, JobId
from tombola.store.jobs import JobInfo

DIMS = ("control", "repetition", "replicate", "level")


def dataset(spec: ExperimentSpec, jobs: Mapping[JobId, tuple[JobInfo, Records]]) -> xr.Dataset:
    """Return all records as one dataset over (control, repetition, replicate, level, record).

    Records of different jobs are aligned by their step; the record axis is the union of all steps. What is measured
    with a convergence rule only (``train_accuracy``, ``lr``) is there where some job has it.
    """
    repetitions = spec.control_repetitions()
    coordinates = {
        "control": np.array([TICKET, *repetitions]),
        "repetition": np.arange(max([1, *repetitions.values()])),
        "replicate": np.arange(spec.replicates),
        "level": np.arange(spec.prune.levels + 1),
    }
    steps = np.unique(np.concatenate([r.step for _, r in jobs.values()])) if jobs else np.zeros(0, np.int64)
    on_grid = np.zeros(len(steps), bool)
    shape = tuple(len(values) for values in coordinates.values())
    known = [name for name in EPOCH_MEASURES if any(getattr(r, name) is not None for _, r in jobs.values())]
    measures = {name: np.full((*shape, len(steps)), np.nan) for name in (*MEASURES, *known)}
    status = np.full(shape, "absent", dtype="<U6")
    place = {name: i for i, name in enumerate(coordinates["control"])}
    for job, (info, records) in jobs.items():
        if not _inside(job, spec, repetitions):
            continue
        where = (place[job.control], job.repetition, job.replicate, job.level)
        index = np.searchsorted(steps, records.step)
        status[where] = info.status
        on_grid[index] |= (records.flags & GRID) > 0
        for name, values in measures.items():
            column = getattr(records, name)
            if column is not None:
                values[where][index] = column
    return xr.Dataset(
        {name: ((*DIMS, "record"), values) for name, values in measures.items()} | {"status": (DIMS, status)},
        coords={**coordinates, "step": ("record", steps), "on_grid": ("record", on_grid)},
        attrs={"name": spec.name},
    )


def _inside(job: JobId, spec: ExperimentSpec, repetitions: Mapping[str, int]) -> bool:
    known = job.control == TICKET or job.repetition < repetitions.get(job.control, 0)
    return known and job.replicate < spec.replicates and job.level <= spec.prune.levels


def density(spec: ExperimentSpec, jobs: Mapping[JobId, JobInfo]) -> xr.DataArray:
    """Return the tickets' densities (replicate, level), NaN where absent."""
    values = np.full((spec.replicates, spec.prune.levels + 1), np.nan)
    for job, info in jobs.items():
        if job.control == TICKET and _inside(job, spec, {}):
            values[job.replicate, job.level] = info.density
    return xr.DataArray(values, dims=("replicate", "level"), coords=_axes(values), name="density")


def remaining(spec: ExperimentSpec, jobs: Mapping[JobId, JobInfo], layers: Sequence[str]) -> xr.DataArray:
    """Return the tickets' remaining weights (replicate, level, layer), -1 where absent or not known."""
    values = np.full((spec.replicates, spec.prune.levels + 1, len(layers)), -1, np.int64)
    for job, info in jobs.items():
        if job.control == TICKET and _inside(job, spec, {}):
            values[job.replicate, job.level] = [info.remaining.get(name, -1) for name in layers]
    return xr.DataArray(
        values, dims=("replicate", "level", "layer"), coords=_axes(values) | {"layer": list(layers)}, name="remaining"
    )


def _axes(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"replicate": np.arange(values.shape[0]), "level": np.arange(values.shape[1])}


def early_stop(jobs: Iterable[tuple[JobInfo, Records]]) -> pd.DataFrame:
    """Return one row per job: what its network knew before training, and what it reached at early stop and at the end.

    Accuracy before training is that of the mask alone where the ticket starts from step 0 (Zhou et al. 2019).
    """
    return pd.DataFrame([_row(info, records) for info, records in jobs], columns=COLUMNS)


COLUMNS = [
    *("control", "repetition", "replicate", "level", "status", "reason", "density"),
    *("initial_val_accuracy", "initial_test_accuracy"),
    *("early_stop_step", "train_loss", "val_loss", "val_accuracy", "test_accuracy"),
    *("final_step", "final_train_loss", "final_val_loss", "final_val_accuracy", "final_test_accuracy"),
    *("seconds", "engine"),
]


def _row(info: JobInfo, records: Records) -> dict[str, object]:
    row: dict[str, object] = {
        name: getattr(info, name) for name in (*DIMS, "status", "reason", "density", "seconds", "engine")
    }
    done = info.status == "done"
    begun = len(records.step) > 0 and bool(records.flags[0] & START)
    for measure in ("val_accuracy", "test_accuracy"):
        row[f"initial_{measure}"] = float(getattr(records, measure)[0]) if begun else np.nan
    for prefix, record in (
        ("", records.early_stop() if done else None),
        ("final_", len(records.step) - 1 if done else None),
    ):
        name = f"{prefix}step" if prefix else "early_stop_step"
        row[name] = np.nan if record is None else int(records.step[record])
        for measure in MEASURES:
            row[f"{prefix}{measure}"] = np.nan if record is None else float(getattr(records, measure)[record])
    return row

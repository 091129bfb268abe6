"""A run's records in other programs' forms: a table as CSV, labelled arrays as zarr and netCDF."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from tombola.interop.export import Exported
from tombola.interop.export_extras import needs
from tombola.interop.export_files import replacing, taken
from tombola.records import EPOCH_MEASURES, MEASURES
from tombola.registry import Registry
from tombola.store import Run

JOB = ("control", "repetition", "replicate", "level")


@dataclass(frozen=True)
class RecordsFormat:
    """One form of records: what writes it (run, path), what it is, its suffix, and what a folder of it holds."""

    write: Callable[[Run, Path], None]
    about: str
    suffix: str
    entries: tuple[str, ...] = ()


records_formats: Registry[RecordsFormat] = Registry("records format")


def export_records(run: Run, to: str, path: str | Path, *, overwrite: bool = False) -> Exported:
    """Write all records of a run.

    Parameters
    ----------
    run
        The run; jobs that are not finished are left out.
    to
        ``records-csv``, ``records-zarr``, ``records-netcdf``, or what else is registered.
    path
        The file or folder to make.
    overwrite
        Replace what is there.

    Raises
    ------
    TombolaError
        If the path exists, or a package is missing.
    """
    form, target = records_formats[to], Path(path)
    with replacing(target, form.entries, overwrite=overwrite) as aside:
        form.write(run, aside)
    return Exported(target, taken(target), f"{len(run.jobs)} jobs, {run.records.sizes['record']} records at most each")


def records_dataset(run: Run) -> xr.Dataset:
    """Return the records with the tickets' densities, in types that every form of file has."""
    data = run.records.assign(density=run.density)
    data["on_grid"] = data.on_grid.astype("int8")
    return data.assign_attrs(name=run.spec.name, run=run.path.resolve().name)


def records_table(run: Run) -> pd.DataFrame:
    """Return one row per record of every finished job, in order of jobs and steps."""
    data = run.records
    table = data[[*MEASURES, "status"]].to_dataframe().reset_index()
    table = table[table.status != "absent"]
    measured = table[list(MEASURES)].notna().any(axis=1)
    columns = [*JOB, "step", "on_grid", "status", *MEASURES]
    return table.loc[measured, columns].sort_values([*JOB, "step"], kind="stable").reset_index(drop=True)


def _csv(run: Run, path: Path) -> None:
    records_table(run).to_csv(path, index=False)


def _zarr(run: Run, path: Path) -> None:
    needs("export", "zarr")
    # version 2 of the form: version 3 has no texts of fixed length yet
    records_dataset(run).to_zarr(path, mode="w", zarr_format=2, consolidated=True)


def _netcdf(run: Run, path: Path) -> None:
    data = records_dataset(run)
    data.to_netcdf(path, format="NETCDF3_64BIT", engine="scipy")


_VARIABLES = (*JOB, *MEASURES, *EPOCH_MEASURES, "record", "step", "on_grid", "status", "density")
records_formats.register("records-csv")(RecordsFormat(_csv, "a table, one row per record", ".csv"))
records_formats.register("records-zarr")(RecordsFormat(_zarr, "labelled arrays as zarr", ".zarr", (".z*", *_VARIABLES)))
records_formats.register("records-netcdf")(RecordsFormat(_netcdf, "labelled arrays as netCDF", ".nc"))

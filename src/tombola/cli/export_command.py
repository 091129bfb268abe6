"""``tombola export``: tickets and records in other programs' forms."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    from tombola.interop import Exported
    from tombola.store import Run, StoredTicket


@dataclass
class Options:
    """Arguments of ``tombola export``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    to: Annotated[
        str,
        tyro.conf.arg(
            help="of a ticket: safetensors, state-dict, onnx, masks-npz, open-lth; "
            "of the run: records-csv, records-zarr, records-netcdf",
            metavar="FORMAT",
        ),
    ]
    replicate: Annotated[int | None, tyro.conf.arg(help="which replicate", metavar="R")] = None
    level: Annotated[int | None, tyro.conf.arg(help="which level; open-lth takes all without it", metavar="L")] = None
    control: Annotated[str | None, tyro.conf.arg(help="a control instead of the ticket", metavar="NAME")] = None
    repetition: Annotated[int, tyro.conf.arg(help="of the control", metavar="I")] = 0
    state: Annotated[str, tyro.conf.arg(help="initial, trained, early_stop or rewind", metavar="STATE")] = "trained"
    pruning_format: Annotated[
        str, tyro.conf.arg(help="of state dicts: plain, or torch (weight_orig, weight_mask)", metavar="plain|torch")
    ] = "plain"
    output: Annotated[
        Path | None,
        tyro.conf.arg(help="file or folder to write [named after the ticket]", metavar="PATH", aliases=["-o", "--out"]),
    ] = None
    overwrite: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="replace what is there")] = False
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins the run names")] = (
        False
    )


def main(args: list[str]) -> int:
    """Write one export, sum it up on standard error, and print its path."""
    options = parse(Options, args, "tombola export", "Write a ticket, or a run's records, in another program's form.")
    from tombola.interop import export_formats, records_formats
    from tombola.store import open_run

    run = open_run(options.run, trust=options.trust)  # first: a trusted run's plug-ins may bring formats
    if options.to not in export_formats and options.to not in records_formats:
        raise TombolaError(
            f"unknown export format '{options.to}'{nearest(options.to, [*export_formats, *records_formats])}"
        )
    written, told = _records(run, options) if options.to in records_formats else _tickets(run, options)
    from tombola.cli.console import messages, size

    what = "; ".join(filter(None, [told, size(written.bytes), written.remark]))
    messages().print(f"{options.to} of {what}", markup=False, soft_wrap=True)
    print(written.path)
    return 0


def _records(run: "Run", options: Options) -> tuple["Exported", str]:
    from tombola.interop import export_records, records_formats

    given = [name for name in ("replicate", "level", "control") if getattr(options, name) is not None]
    if given:
        raise TombolaError(f"--{given[0]} does not fit {options.to}, which holds the records of the whole run")
    target = _target(options, f"{_folder_name(run)}-records", records_formats[options.to].suffix)
    return export_records(run, options.to, target, overwrite=options.overwrite), _folder_name(run)


def _tickets(run: "Run", options: Options) -> tuple["Exported", str]:
    from tombola.interop import ExportOptions, export, export_formats

    tickets, name = _chosen(run, options)
    form = export_formats[options.to]
    stem = "-".join([_folder_name(run), name, *([] if form.stateless else [options.state.replace("_", "-")])])
    target = _target(options, stem, form.suffix or f"-{options.to}", folder=not form.suffix)
    written = export(
        tickets,
        options.to,
        target,
        ExportOptions.of(run, options.state, options.pruning_format),
        overwrite=options.overwrite,
    )
    masks = [ticket.mask for ticket in tickets]
    ends = masks if len(masks) < 3 else [masks[0], masks[-1]]
    densities = " to ".join(f"{mask.density:.4f}" for mask in ends)
    state = "" if form.stateless else f", {options.state.replace('_', ' ')} state"
    layers = f"{len(masks[0])} layers, {masks[-1].count:,} of {masks[-1].size:,} weights"
    who = tickets[0].info.id if len(tickets) == 1 else f"replicate {options.replicate}, {len(tickets)} levels"
    return written, f"{who}{state}; density {densities}; {layers}"


def _chosen(run: "Run", options: Options) -> tuple[list["StoredTicket"], str]:
    """Return the tickets to write, and their name in files."""
    from tombola.interop import export_formats
    from tombola.store.folder import TICKET

    if options.replicate is None:
        raise TombolaError(f"{options.to} holds a ticket; say which: --replicate R --level L")
    control, repetition = options.control or TICKET, options.repetition
    suffix = f"-{control}{repetition}" if options.control else ""
    if options.level is not None:
        ticket = run.ticket(options.replicate, options.level, control, repetition)
        return [ticket], f"replicate{options.replicate}-level{options.level}{suffix}"
    if export_formats[options.to].suffix:
        raise TombolaError(f"{options.to} holds one ticket; say of which level: --level L")
    jobs = sorted(job for job in run.jobs if (job.replicate, job[2:]) == (options.replicate, (control, repetition)))
    if not jobs:
        raise TombolaError(f"{run.path} has no finished level of replicate {options.replicate}{suffix}")
    return [run.ticket(*job) for job in jobs], f"replicate{options.replicate}{suffix}"


def _target(options: Options, stem: str, suffix: str, *, folder: bool = False) -> Path:
    """Return where to write: what was given, a default name in a folder that was given, or one right here."""
    if options.output is None:
        return Path(f"{stem}{suffix}")
    if options.output.is_dir() and not folder and options.output.suffix != suffix:
        return options.output / f"{stem}{suffix}"
    return options.output


def _folder_name(run: "Run") -> str:
    return run.path.resolve().name

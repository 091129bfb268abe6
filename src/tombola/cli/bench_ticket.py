"""``tombola bench ticket``: whether a ticket is faster or smaller than the dense network."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from rich.table import Table

    from tombola.analysis.latency import LatencyRow, LatencyTable
    from tombola.store import Run

PROG, ABOUT = "tombola bench ticket", "File size and inference time of a ticket: dense, masked, compacted, CSR, sparse."


@dataclass
class Options:
    """Arguments of ``tombola bench ticket``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    replicate: Annotated[int, tyro.conf.arg(help="which replicate", metavar="R")] = 0
    level: Annotated[tuple[int, ...], tyro.conf.arg(help="which levels [the last]", metavar="L ...")] = ()
    state: Annotated[Literal["early_stop", "trained"], tyro.conf.arg(help="which weights")] = "early_stop"
    threads: Annotated[int, tyro.conf.arg(help="threads of PyTorch; the sparse engine uses one", metavar="N")] = 1
    repeats: Annotated[int, tyro.conf.arg(help="measurements of each cell; medians count", metavar="N")] = 15
    json: Annotated[Path | None, tyro.conf.arg(help="write the figures to a file too", metavar="FILE")] = None


def main(args: list[str]) -> int:
    """Measure, print one table per level, and return 0, or 1 where a form answers differently."""
    options = parse(Options, args, PROG, ABOUT)
    from tombola.analysis.latency import measure_latency
    from tombola.cli.console import messages, results
    from tombola.store import open_run

    run = open_run(options.run)
    wanted = options.level or (_last_level(run, options.replicate),)
    tickets = {level: run.ticket(options.replicate, level) for level in wanted}
    modules = {level: ticket.module(options.state) for level, ticket in tickets.items()}
    console, found, unequal = results(), {}, False
    for level, ticket in tickets.items():
        shape = tuple(ticket.provenance["input_shape"])
        messages().print(f"level {level}: measuring (the first time, kernels are compiled)")
        table = measure_latency(modules[level], ticket.mask, shape, repeats=options.repeats, threads=options.threads)
        console.print(shown(table, f"{run.path.name}, replicate {options.replicate}, level {level}"))
        for row in table.rows:
            console.print(f"  [bold]{row.name}[/bold]: {row.note}")
        found[str(level)] = table
        unequal = unequal or bool(table.unequal)
    if options.json is not None:
        _write(options.json, options, found)
    return int(unequal)


def shown(table: "LatencyTable", title: str) -> "Table":
    """Return the figures for people."""
    from rich.table import Table

    threads = f"{table.threads} thread{'' if table.threads == 1 else 's'}"
    made = Table(
        title=f"{title}: density {table.density:.4f}",
        caption=f"median of {table.repeats} interleaved repeats, {threads}; answers may differ from those of the "
        f"masked network by {table.tolerance:g} of the largest logit",
        title_justify="left",
        caption_justify="left",
    )
    made.add_column("form")
    times = [f"ms, batch {batch}" for batch in table.batches]
    for heading in ("file, kB", "difference", *times, f"images/s, batch {table.batches[-1]}"):
        made.add_column(heading, justify="right")
    for row in table.rows:
        made.add_row(*_cells(row, table))
    return made


def _cells(row: "LatencyRow", table: "LatencyTable") -> list[str]:
    file = "-" if row.bytes is None else f"{row.bytes / 1000:,.1f}"
    difference = "-" if row.difference is None else f"{row.difference:.1e}"
    if row.difference is not None and not table.agrees(row.difference):
        difference = f"[red]{difference}[/red]"
    times = [f"{timing.milliseconds:.3f}" for timing in row.timings] or ["-"] * len(table.batches)
    return [row.name, file, difference, *times, f"{row.timings[-1].images_per_second:,.0f}" if row.timings else "-"]


def _last_level(run: "Run", replicate: int) -> int:
    from tombola.store.folder import TICKET

    levels = [
        job.level
        for job, info in run.jobs.items()
        if job.replicate == replicate and job.control == TICKET and info.status == "done"
    ]
    if not levels:
        raise TombolaError(
            f"{run.path} has no finished level of replicate {replicate}; `tombola show {run.path}` lists what is there"
        )
    return max(levels)


def _write(path: Path, options: Options, found: "dict[str, LatencyTable]") -> None:
    from tombola.store.files import told_clearly, write_json

    with told_clearly(path):
        content: dict[str, Any] = {
            "run": options.run.name,
            "replicate": options.replicate,
            "state": options.state,
            "levels": {level: table.plain() for level, table in found.items()},
        }
        write_json(path, content)

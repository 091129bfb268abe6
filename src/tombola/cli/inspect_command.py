"""``tombola inspect``: what pruning left of networks, layer by layer."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tombola.analysis.inspect_structure import Structure
    from tombola.store import Run

ABOUT = (
    "What pruning left of the networks of a run, or of one ticket: densities per layer, weights on paths from input to "
    "output, dead units, multiply-adds."
)
FIGURE = "structure"


@dataclass
class Options:
    """Arguments of ``tombola inspect``."""

    where: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(help="a run folder, a ticket.safetensors, or a job folder", metavar="RUN|TICKET"),
    ]
    replicates: Annotated[tuple[int, ...], tyro.conf.arg(help="replicates to inspect [all]", metavar="R ...")] = ()
    levels: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            help="levels, each with its layers: 0 2 4, a range 2-6, every:2 [all, layers of the last]", metavar="L ..."
        ),
    ] = ()
    controls: Annotated[
        tuple[str, ...], tyro.conf.arg(help="controls to inspect beside the tickets", metavar="NAME ...")
    ] = ()
    csv: Annotated[Path | None, tyro.conf.arg(help="write every number as a table", metavar="FILE")] = None
    reference: Annotated[
        Path | None,
        tyro.conf.arg(help="published densities of layers to stand beside (Gem-Miner's CSV)", metavar="FILE"),
    ] = None
    json: Annotated[Path | None, tyro.conf.arg(help="write every number, histograms included", metavar="FILE")] = None
    out: Annotated[
        Path | None, tyro.conf.arg(help=f"draw the figure, {FIGURE}.svg and {FIGURE}.png, into a folder", metavar="DIR")
    ] = None
    trust: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the code that makes the network")
    ] = False


def main(args: list[str]) -> int:
    """Print the tables; write what was asked for."""
    options = parse(Options, args, "tombola inspect", ABOUT)
    from tombola.cli.console import messages
    from tombola.store import RunFolder

    if RunFolder(options.where).spec_file.is_file():
        networks, title, missing = _run(options)
    else:
        network = _ticket(options)
        networks, title, missing = [network], ", ".join(filter(None, (network.run, str(network.job or "")))), 0
        title = title or options.where.name
    if missing:
        messages().print(f"{missing} of {missing + len(networks)} jobs hold no mask and are left out")
    if not networks:
        raise TombolaError(f"no mask of {options.where} is known; `tombola show {options.where}` lists what is there")
    _show(networks, title, each=bool(options.levels))
    if options.reference is not None:
        _compare(networks, options.reference)
    _write(networks, title, options)
    return 0


def _run(options: Options) -> "tuple[list[Structure], str, int]":
    """Return the networks of a run, what to call them, and how many masks are missing."""
    from tombola.analysis.inspect_networks import chosen_jobs, inspect_run
    from tombola.cli.plot_command import level_numbers
    from tombola.store import open_run

    run: Run = open_run(options.where, trust=options.trust)
    levels = level_numbers(options.levels, run.spec.prune.levels) if options.levels else None
    chosen = chosen_jobs(run, options.replicates or None, levels, options.controls)
    found = inspect_run(
        run,
        replicates=options.replicates or None,
        levels=levels,
        controls=options.controls,
        trust=options.trust,
    )
    return found, run.path.resolve().name, len(chosen) - len(found)


def _ticket(options: Options) -> "Structure":
    from tombola.analysis.inspect_networks import inspect_ticket

    for name in ("replicates", "levels", "controls"):
        if getattr(options, name):
            raise TombolaError(f"--{name} chooses from a run, and {options.where} is no run folder")
    if not options.where.exists():
        raise TombolaError(f"{options.where} does not exist; name a run folder, a ticket.safetensors or a job folder")
    return inspect_ticket(options.where, trust=options.trust)


def _show(networks: "Sequence[Structure]", title: str, *, each: bool) -> None:
    from rich.markup import escape

    from tombola.analysis.inspect_tables import mean_rows
    from tombola.cli.console import results
    from tombola.cli.inspect_view import layer_tables, level_table, remarks

    console, means = results(), mean_rows(networks)
    console.print(f"[bold]{escape(title)}[/bold]", soft_wrap=True)
    if len(networks) > 1:
        console.print(level_table(means, console))
    for table in layer_tables(means, console, each=each):
        console.print(table)
    for line in remarks(networks):
        console.print(line)


def _compare(networks: "Sequence[Structure]", file: Path) -> None:
    from tombola.analysis.inspect_tables import mean_rows
    from tombola.cli.console import results
    from tombola.cli.inspect_reference import reference_tables
    from tombola.interop.layer_reference import read_layer_reference

    for part in reference_tables(mean_rows(networks), read_layer_reference(file)):
        results().print(part)


def _write(networks: "Sequence[Structure]", title: str, options: Options) -> None:
    from tombola.analysis.inspect_tables import structure_document, structure_table
    from tombola.cli.console import results
    from tombola.store.files import write_json, write_text

    if options.csv is not None:
        write_text(options.csv, structure_table(networks).to_csv(index=False))
    if options.json is not None:
        write_json(options.json, {"source": title, "networks": structure_document(networks)})
    if options.out is None:
        return
    from tombola.plots.kinds.structure import structure_figure
    from tombola.plots.saving import save_figure

    figure = structure_figure(networks, title=title)
    for form in ("svg", "png"):
        results().print(str(save_figure(figure, options.out / f"{FIGURE}.{form}")), soft_wrap=True)

"""``tombola reproduce``: a published analysis run over the published files, their numbers beside ours."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    from tombola.analysis.reproduce.cells import Cell

WORKS = ("signs", "sasd", "sparse-analysis")
ABOUT = (
    "Run a published analysis over its published files and print each of its numbers beside ours: signs (Ernalein/"
    "ThesisLTH), sasd (Holleri/code_bachelor_thesis), sparse-analysis (tjayada/sparse_network_analysis). What the "
    "folder lacks is left out. Exit status 1 where a number that should agree does not."
)


@dataclass
class Options:
    """Arguments of ``tombola reproduce``."""

    work: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help=", ".join(WORKS), metavar="|".join(WORKS))]
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="its published files", metavar="DIR")]
    csv: Annotated[Path | None, tyro.conf.arg(help="write all cells to this file", metavar="FILE")] = None
    show: Annotated[Literal["all", "differing", "tables"], tyro.conf.arg(help="which cells are printed")] = "all"


def main(args: list[str]) -> int:
    """Reproduce and print cell by cell."""
    options = parse(Options, args, "tombola reproduce", ABOUT)
    if options.work not in WORKS:
        raise TombolaError(f"unknown work '{options.work}'{nearest(options.work, WORKS)}")
    if not options.folder.is_dir():
        raise TombolaError(f"{options.folder} is no folder; give the one that holds the published files")
    from importlib import import_module

    import pandas as pd

    from tombola.cli.console import messages, results
    from tombola.store.files import write_text

    module = import_module(f"tombola.analysis.reproduce.{options.work.replace('-', '_')}")
    cells = module.reproduce(options.folder)
    if not cells:
        raise TombolaError(f"{options.folder} holds none of the files of '{options.work}'")
    frame = pd.DataFrame(
        [
            {
                "table": cell.table,
                "row": cell.row,
                "column": cell.column,
                "theirs": cell.theirs,
                "ours": cell.ours,
                "agrees": cell.agrees,
                "note": cell.note,
            }
            for cell in cells
        ]
    )
    if options.csv is not None:
        write_text(options.csv, frame.to_csv(index=False, lineterminator="\n"))
    console = results()
    for name, part in frame.groupby("table", sort=False):
        printed = part[part.theirs.notna()]
        more = f", {len(part) - len(printed)} more are ours alone" if len(part) > len(printed) else ""
        told = f"{name}: {int(printed.agrees.sum())} of {len(printed)} agree{more}"
        console.print(told, markup=False, soft_wrap=True)
        if options.show == "tables":
            continue
        for cell in (cell for cell in cells if cell.table == name):
            if options.show == "all" or not cell.agrees:
                console.print(line(cell), markup=False, soft_wrap=True)
    known = [cell for cell in cells if not math.isnan(cell.theirs)]
    wrong = [cell for cell in known if not cell.agrees and not cell.note]
    messages().print(f"{sum(cell.agrees for cell in known)} of {len(known)} printed numbers agree", markup=False)
    return 1 if wrong else 0


def line(cell: "Cell") -> str:
    """Return a cell in one line.

    Examples
    --------
    >>> from tombola.analysis.reproduce.cells import Cell
    >>> line(Cell("table 1", "CIFAR", "jsd", 0.618, 0.6180, 0.001))
    '  = CIFAR, jsd: theirs 0.618, ours 0.618'
    """
    note = f"  ({cell.note})" if cell.note else ""
    if math.isnan(cell.theirs):
        return f"    {cell.row}, {cell.column}: ours {cell.ours:.6g}{note}"
    sign = "=" if cell.agrees else "x"
    return f"  {sign} {cell.row}, {cell.column}: theirs {cell.theirs:.6g}, ours {cell.ours:.6g}{note}"

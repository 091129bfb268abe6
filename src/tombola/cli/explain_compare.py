"""``tombola explain compare``: the same images at two levels of a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.explain_options import Common, plans
from tombola.cli.parse import parse
from tombola.errors import TombolaError

ABOUT = (
    "The same images at two levels: both maps, their difference, and how far each changed. Writes changes.csv and "
    "sheet.png to RUN/explain/METHOD/compare-LEVEL-LEVEL."
)


@dataclass
class Options(Common):
    """Arguments of ``tombola explain compare``."""

    levels: Annotated[
        tuple[int, ...], tyro.conf.Positional, tyro.conf.arg(help="two levels", metavar="LEVEL LEVEL")
    ] = ()


def main(args: list[str]) -> int:
    """Compare, write, print the most changed images; the last line is the folder."""
    options = parse(Options, args, "tombola explain compare", ABOUT)
    from tombola.cli.explain_view import show_comparison
    from tombola.explain.comparing import compare_levels
    from tombola.explain.comparing_sheet import comparison_sheet
    from tombola.explain.render import save_png
    from tombola.explain.writing import FOLDER
    from tombola.store import open_run
    from tombola.store.files import write_text

    if len(options.levels) != 2:
        raise TombolaError(f"{len(options.levels)} levels are given; name two: tombola explain compare RUN 0 5")
    run = open_run(options.run, trust=options.trust)
    first, second = options.levels
    for plan in plans(options, run):
        found = compare_levels(run, first, second, plan)
        folder: Path = options.out or run.path / FOLDER / plan.method / f"compare-{first}-{second}"
        write_text(folder / "changes.csv", found.changes.to_csv(index=False, lineterminator="\n"))
        save_png(comparison_sheet(found, options.renderer), folder / "sheet.png")
        show_comparison(found)
        print(folder)
    return 0

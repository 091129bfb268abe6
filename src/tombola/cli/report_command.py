"""``tombola report``: write a run's report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.parse import parse


@dataclass
class Options:
    """Arguments of ``tombola report``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    output: Annotated[
        Path | None, tyro.conf.arg(help="the HTML file [RUN/report.html]", metavar="FILE", aliases=["-o", "--out"])
    ] = None


def main(args: list[str]) -> int:
    """Write one self-contained HTML page and print where it is."""
    options = parse(Options, args, "tombola report", "Write a run's report, one self-contained HTML page.")
    from tombola.cli.import_errors import warn_of_import_errors
    from tombola.report import write
    from tombola.store import open_run
    from tombola.store.files import told_clearly

    warn_of_import_errors([options.run])
    target = options.output or options.run / "report.html"
    with told_clearly(target):
        print(write(open_run(options.run), target))
    return 0

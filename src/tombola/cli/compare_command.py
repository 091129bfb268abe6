"""``tombola compare``: runs side by side, with what can be said about their differences."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError


@dataclass
class Options:
    """Arguments of ``tombola compare``."""

    runs: Annotated[
        tuple[Path, ...],
        tyro.conf.Positional,
        tyro.conf.arg(help="run folders; the others are subtracted from the first", metavar="RUN [RUN ...]"),
    ] = ()
    out: Annotated[
        Path | None, tyro.conf.arg(help="also write .html, .csv or .json", metavar="FILE", aliases=["-o", "--output"])
    ] = None
    measure: Annotated[
        str | None,
        tyro.conf.arg(
            help="val_accuracy, val_loss, early_stop_step, final_test_accuracy, ... [test_accuracy]", metavar="NAME"
        ),
    ] = None
    tolerance: Annotated[
        float | None, tyro.conf.arg(help="points of accuracy that count as not worse [0.2]", metavar="POINTS")
    ] = None


def main(args: list[str]) -> int:
    """Print how runs compare; with --out the last line is the file written."""
    options = parse(Options, args, "tombola compare", "Compare runs by density, paired over replicates.")
    if not options.runs:
        raise TombolaError("compare needs at least one RUN folder; `tombola list` names them")
    from tombola.analysis import compare, measure_named
    from tombola.analysis.measures import ACCURACY, accuracy_of
    from tombola.analysis.standing import MARGIN
    from tombola.cli.compare_view import show
    from tombola.cli.console import results
    from tombola.cli.import_errors import warn_of_import_errors
    from tombola.store import open_run

    measure = measure_named(options.measure or ACCURACY.column)
    if options.tolerance is not None and not measure.is_accuracy:
        raise TombolaError(
            f"--tolerance is in points of accuracy and --measure {options.measure} is none; leave it out"
        )
    if options.tolerance is not None and not 0 <= options.tolerance <= 100:
        raise TombolaError(f"--tolerance {options.tolerance:g}: points of accuracy between 0 and 100 are needed")
    tolerance = MARGIN if options.tolerance is None else options.tolerance / 100
    if options.out:
        from tombola.report.compare import check_target

        check_target(options.out)
    runs = [open_run(path) for path in options.runs]
    warn_of_import_errors(options.runs)
    found = compare(runs, measure if options.measure else accuracy_of(runs), tolerance)
    show(found, results())
    if options.out:
        from tombola.report import write_comparison

        print(write_comparison(found, options.out))
    return 0

"""``tombola connectivity``: whether copies of a ticket, trained in different data orders, are linearly connected."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from tombola.cli.parse import parse
from tombola.cli.resume_command import check_trust, named
from tombola.cli.run_command import worker_number
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.analysis.connectivity import Line
    from tombola.analysis.instability import LevelInstability, Measuring
    from tombola.store import Run

ABOUT = (
    "Train every level of a run again from the same state in another data order, and measure the error on the line "
    "between the copies (Frankle et al. 2020). Instability is the largest error on it less the mean of its ends."
)


@dataclass
class Options:
    """Arguments of ``tombola connectivity``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    orders: Annotated[int, tyro.conf.arg(help="data orders beside the run's own", metavar="N")] = 1
    levels: Annotated[tuple[int, ...], tyro.conf.arg(help="levels to measure [all]", metavar="L ...")] = ()
    replicates: Annotated[tuple[int, ...], tyro.conf.arg(help="replicates to measure [all]", metavar="R ...")] = ()
    points: Annotated[int, tyro.conf.arg(help="networks on the line, its ends included", metavar="N")] = 30
    part: Annotated[Literal["train", "validation", "test"], tyro.conf.arg(help="images to count errors on")] = "test"
    statistics: Annotated[
        Literal["estimated", "interpolated"],
        tyro.conf.arg(help="of batch normalisation between the ends: from training images, or along the line"),
    ] = "estimated"
    workers: Annotated[str, tyro.conf.arg(help="jobs at a time", metavar="N|auto")] = "auto"
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins the run names")] = (
        False
    )
    quiet: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="no progress")] = False


def main(args: list[str]) -> int:
    """Train what copies are missing, measure, print the table; the last line is the figure."""
    options = parse(Options, args, "tombola connectivity", ABOUT)
    if options.orders < 1 or options.points < 2:
        raise TombolaError("tombola connectivity needs at least --orders 1 and --points 2")
    workers = worker_number(options.workers)
    from tombola.analysis.connectivity import pairs
    from tombola.analysis.instability import Measuring, instability, measured
    from tombola.cli.console import messages, results
    from tombola.data import load
    from tombola.store import open_run

    run = open_run(options.run, trust=options.trust)
    check(run, options)
    status = train_copies(run, options.orders, workers, quiet=options.quiet)
    run = open_run(options.run, trust=options.trust)
    how = Measuring(options.points, options.part, options.statistics)
    found = pairs(run, options.levels, options.replicates)
    if not found:
        raise TombolaError(f"{options.run} has no two finished copies of any ticket; `tombola show` lists its jobs")
    data, lines = load(run.spec.data, run.spec.seed), []
    for number, pair in enumerate(found):
        if not options.quiet:
            place = f"replicate {pair.replicate}, level {pair.level}, orders {pair.orders[0]} and {pair.orders[1]}"
            messages().print(f"line {number + 1} of {len(found)}: {place}")
        lines.append(measured(run, pair, data, how))
    show(instability(lines))
    results().print(str(write(run, lines, how)), soft_wrap=True)
    return status


def check(run: "Run", options: Options) -> None:
    """Refuse what cannot be measured, before anything is trained."""
    check_trust(run, trust=options.trust)
    if run.spec.store.keep != "all":
        raise TombolaError(
            f"{options.run} was run with store.keep = '{run.spec.store.keep}', which drops trained states; "
            "lines are drawn between them, so run it again with --store.keep all"
        )
    for level in options.levels:
        if not 0 <= level <= run.spec.prune.levels:
            raise TombolaError(f"--levels {level}: {options.run} has levels 0 to {run.spec.prune.levels}")
    for replicate in options.replicates:
        if not 0 <= replicate < run.spec.replicates:
            raise TombolaError(f"--replicates {replicate}: {options.run} has replicates 0 to {run.spec.replicates - 1}")


def train_copies(run: "Run", orders: int, workers: int | None, *, quiet: bool) -> int:
    """Let the run grow by copies in other data orders, and return its exit status."""
    from tombola.cli.console import messages
    from tombola.cli.progress import watching
    from tombola.experiments import run as execute
    from tombola.specs.experiment import OTHER_ORDER

    path = run.path.resolve()
    repetitions = run.spec.control_repetitions()
    repetitions[OTHER_ORDER] = max(orders, repetitions.get(OTHER_ORDER, 0))
    controls = [f"{name}:{count}" for name, count in repetitions.items()]
    spec = run.spec.with_(name=named(path), controls=controls)
    with watching(messages(), quiet=quiet) as listener:
        outcome = execute(spec, path.parent, workers=workers, listener=listener)
    if outcome.path.resolve() != path:
        raise TombolaError(f"{run.path} was made with other data or plug-ins than are here now; bring them back")
    return 0 if outcome.complete else 1


def show(rows: "list[LevelInstability]") -> None:
    """Print the table of levels."""
    from rich.table import Table

    from tombola.cli.console import results

    shown = Table(title="Instability: largest error on the line less the mean of its ends", title_justify="left")
    for heading in ("level", "density", "error %", "instability, points", "95 % interval", "stable", "n"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        known = row.replicates > 1
        interval = f"{100 * row.low:+.2f} to {100 * row.high:+.2f}" if known else "-"
        cells = (f"{row.level}", f"{row.density:.4f}", f"{100 * row.error:.2f}", f"{100 * row.instability:+.2f}")
        shown.add_row(*cells, interval, f"{row.stable} of {row.replicates}", f"{row.replicates}")
    results().print(shown)


def write(run: "Run", lines: "list[Line]", how: "Measuring") -> Path:
    """Write the table and the figure beside the lines, and return the figure's path."""
    from matplotlib.figure import Figure

    from tombola.analysis.instability import LevelInstability, instability
    from tombola.plots.connectivity import error_between_copies, instability_against_density
    from tombola.plots.saving import save_figure
    from tombola.store.files import write_text

    folder = how.folder(run)
    rows = [LevelInstability._fields, *instability(lines)]
    write_text(folder / "instability.csv", "".join(",".join(map(str, row)) + "\n" for row in rows))
    drawn = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = drawn.subplots(1, 2)
    instability_against_density(left, lines)
    error_between_copies(right, lines, levels=run.spec.prune.levels)
    for suffix in ("png", "svg"):
        save_figure(drawn, folder / f"connectivity.{suffix}", dpi=160)
    return folder / "connectivity.png"

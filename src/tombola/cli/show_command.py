"""``tombola show``: what a run folder holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.parse import parse

if TYPE_CHECKING:
    from tombola.store import Run


@dataclass
class Options:
    """Arguments of ``tombola show``."""

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the run folder", metavar="RUN")]
    jobs: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="one line per job instead of means")] = False
    csv: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="the table of all jobs as CSV")] = False
    results: Annotated[
        bool,
        tyro.conf.FlagCreatePairsOff,
        tyro.conf.arg(help="accuracy ladder: after training and before, rates, calibration; with --csv every column"),
    ] = False
    winning: Annotated[
        str | None,
        tyro.conf.arg(
            help="which tickets a criterion accepts: accuracy-margin, accuracy-margin-signs2024, validation-loss",
            metavar="CRITERION",
            help_behavior_hint="",
        ),
    ] = None


def main(args: list[str]) -> int:
    """Print a run's state: done, failed and missing jobs, and accuracies at early stop."""
    options = parse(Options, args, "tombola show", "What a run folder holds.")
    from tombola.cli.console import results
    from tombola.cli.show_view import job_table, mean_table
    from tombola.store import open_run

    run = open_run(options.run)
    if options.winning is not None:
        return show_winning(run, options.winning, csv=options.csv)
    if options.results:
        return show_results(run, csv=options.csv)
    table = run.early_stop_table()
    if options.csv:
        print(table.to_csv(index=False), end="")
        return 0
    console = results()
    planned = list(run.planned())
    failed = [info for info in run.jobs.values() if info.status == "failed"]
    done = sum(job in run.jobs for job in planned) - len(failed)
    console.print(f"[bold]{run.path.name}[/bold]: {done} of {len(planned)} jobs done", end="")
    console.print(f", {len(failed)} failed" if failed else "")
    for info in failed:
        console.print(f"[red]failed: {info.reason}[/red]")
    if done:
        console.print(job_table(table) if options.jobs else mean_table(table))
    missing = len(planned) - done - len(failed)
    resumes = missing and not run.folder.imported
    console.print(f"next: tombola {'resume' if resumes else 'report'} {run.path}")
    return 0


def show_results(run: "Run", *, csv: bool) -> int:
    """Print the result rows: every column as CSV, or the accuracy ladder."""
    from tombola.analysis.results import result_rows
    from tombola.cli.console import results
    from tombola.cli.results_view import results_table

    rows = result_rows(run)
    if csv:
        print(rows.to_csv(index=False), end="")
    else:
        results().print(results_table(rows))
    return 0


def show_winning(run: "Run", criterion: str, *, csv: bool) -> int:
    """Print which tickets a criterion accepts and rejects, and by which numbers."""
    from tombola.analysis.winning import summary, winning
    from tombola.cli.console import results
    from tombola.cli.winning_view import counts, winning_table

    table = winning(run, criterion)
    if csv:
        print(table.to_csv(index=False), end="")
        return 0
    console = results()
    console.print(f"[bold]{run.path.name}[/bold]: {criterion}: {summary(criterion)}")
    if len(table):
        console.print(winning_table(table))
    console.print(counts(table))
    return 0

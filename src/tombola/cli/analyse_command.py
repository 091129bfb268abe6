"""``tombola analyse``: look inside networks - tables, figures, and a section of the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    from tombola.analysis.material import NetworkView
    from tombola.plots.analyses import Analysis, Result
    from tombola.store import Run

ABOUT = (
    "Look inside the networks of runs. Writes tables (CSV) and figures (SVG, PNG) to RUN/analysis/NAME, which the "
    "run's report shows from then on. `tombola analyse --list` names the analyses and their options."
)
FOLDER = "analysis"
ROWS = 40
"""Rows of a table that are printed at most; the file has all."""

T = TypeVar("T")
Several = tyro.conf.UseAppendAction[tuple[tuple[T, ...], ...]]
"""Values of a flag that may be given again: each time some more, in order."""


@dataclass
class Options:
    """Arguments of ``tombola analyse``."""

    what: Annotated[
        tuple[str, ...],
        tyro.conf.Positional,
        tyro.conf.arg(help="an analysis, then run folders", metavar="NAME [RUN ...]"),
    ] = ()
    list: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="name analyses and options, and stop")] = (
        False
    )
    levels: Annotated[
        Several[str], tyro.conf.arg(help="levels: 0 2 4, a range 2-6, every:2 [the last]", metavar="LEVEL")
    ] = ()
    replicates: Annotated[Several[int], tyro.conf.arg(help="which replicates [all]", metavar="R ...")] = ()
    controls: Annotated[
        Several[str], tyro.conf.arg(help="controls to analyse beside the tickets", metavar="NAME ...")
    ] = ()
    stage: Annotated[str, tyro.conf.arg(help="weights: initial, trained or early_stop", metavar="NAME")] = "trained"
    winning: Annotated[
        str | None,
        tyro.conf.arg(help="accepted tickets only: accuracy-margin, validation-loss, ...", metavar="CRITERION"),
    ] = None
    conditions: Annotated[
        Path | None, tyro.conf.arg(help="YAML of named sets of networks, in place of RUN", metavar="FILE")
    ] = None
    set: Annotated[
        Several[str], tyro.conf.arg(help="options of the analysis, as name=value", metavar="NAME=VALUE ...")
    ] = ()
    out: Annotated[Path | None, tyro.conf.arg(help="folder to write to [RUN/analysis/NAME]", metavar="DIR")] = None
    plugins: Annotated[
        Several[str], tyro.conf.arg(help="modules that register your own analyses", metavar="MODULE")
    ] = ()
    trust: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="import the plug-ins a run names")] = False
    quiet: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="no progress")] = False


def main(args: list[str]) -> int:
    """Analyse, write, print the summary and what a reader must know; the last line is the folder."""
    options = parse(Options, args, "tombola analyse", ABOUT)
    from tombola.cli.console import messages
    from tombola.cli.counting import counting
    from tombola.data import load
    from tombola.plots.analyses import Material, analyses
    from tombola.plots.analyses.writing import write_analysis
    from tombola.specs.plugins import load_plugins

    load_plugins(tuple(chain(*options.plugins)))
    if options.list:
        show_list()
        return 0
    if not options.what:
        raise TombolaError(f"name an analysis{nearest('', list(analyses))}, and the runs to analyse")
    name, folders = options.what[0], [Path(text) for text in options.what[1:]]
    analysis = analyses[name]
    chosen = settings(name, analysis, [*chain(*options.set)])
    views = gathered(options, folders)
    target = options.out or (folders[0] / FOLDER / name if folders else Path(FOLDER) / name)
    runs = opened(folders, options.conditions, options.trust) if analysis.needs_runs or analysis.needs_data else []
    data = load(runs[0].spec.data, runs[0].spec.seed) if analysis.needs_data else None
    with counting(messages(), quiet=options.quiet) as tell:
        result = analysis.compute(Material(views, data, chosen, runs if analysis.needs_runs else (), tell))
        if analysis.needs_data and (told := shown_to_all(runs)):
            result = replace(result, notes=[*result.notes, told])
        write_analysis(name, analysis, result, views, chosen, target, tell)
    show_result(result)
    print(target)
    return 0


def gathered(options: Options, folders: Sequence[Path]) -> "list[NetworkView]":
    """Return the networks that were asked for.

    Raises
    ------
    TombolaError
        If both runs and a conditions file are given, or neither.
    """
    from tombola.analysis.collecting import collect
    from tombola.analysis.conditions import collect_conditions

    if (options.conditions is None) == (not folders):
        raise TombolaError("name run folders, or a file of --conditions; one of the two")
    if options.conditions is not None and options.winning is not None:
        raise TombolaError("--winning is for run folders; a conditions file says 'winning:' itself")
    if options.conditions is not None:
        return collect_conditions(options.conditions, stage=options.stage, trust=options.trust)  # type: ignore[arg-type]
    from tombola.cli.plot_command import level_numbers
    from tombola.store import open_run

    runs = [open_run(folder, trust=options.trust) for folder in folders]
    levels, controls = [*chain(*options.levels)], [*chain(*options.controls)]
    depth = max(run.spec.prune.levels for run in runs)
    return collect(
        runs,
        levels=level_numbers(levels, depth) if levels else None,
        replicates=[*chain(*options.replicates)] or None,
        controls=controls,
        stage=options.stage,  # type: ignore[arg-type]
        winning=options.winning,
        trust=options.trust,
    )


def opened(folders: Sequence[Path], conditions: Path | None, trust: bool) -> "list[Run]":
    """Return the runs that are named, each once."""
    from tombola.analysis.conditions import runs_of
    from tombola.store import open_run

    named = folders if conditions is None else runs_of(conditions)
    return [open_run(folder, trust=trust) for folder in dict.fromkeys(folder.resolve() for folder in named)]


def shown_to_all(runs: "Sequence[Run]") -> str:
    """Say that networks are shown images they were not trained on; empty where all runs have the same."""
    from tombola.analysis.wording import listing

    first, others = runs[0].spec.data.name, list(dict.fromkeys(run.spec.data.name for run in runs))
    if len(others) == 1:
        return ""
    rest = listing([name for name in others if name != first])
    return f"All networks are shown the images of {first}, as the first run was; others were trained on {rest}."


def settings(name: str, analysis: "Analysis", given: Sequence[str]) -> dict[str, Any]:
    """Return the options of an analysis, each of its default's type.

    Raises
    ------
    TombolaError
        For an option it does not have, or a value of another type.
    """
    values = {option: default for option, (default, _) in analysis.options.items()}
    for text in given:
        option, equals, value = text.partition("=")
        if not equals or option not in values:
            raise TombolaError(f"--set {text}: analysis '{name}' has no such option{nearest(option, list(values))}")
        values[option] = typed(text, values[option], value)
    return values


def typed(text: str, default: Any, value: str) -> Any:
    """Return a value as of the type that an option's default has; text where there is none."""
    if isinstance(default, bool):
        if value.lower() not in ("true", "false"):
            raise TombolaError(f"--set {text}: true or false is needed")
        return value.lower() == "true"
    if isinstance(default, int | float):
        try:
            return type(default)(value)
        except ValueError:
            raise TombolaError(f"--set {text}: a number like {default} is needed") from None
    if isinstance(default, tuple):
        return tuple(part for part in value.split(",") if part)
    return value


def show_list() -> None:
    """Print every analysis with its options."""
    from tombola.cli.console import results
    from tombola.plots.analyses import analyses

    console = results()
    for name in analyses:
        analysis = analyses[name]
        console.print(f"{name}: {analysis.summary}", markup=False, soft_wrap=True)
        for option, (default, text) in analysis.options.items():
            shown = ",".join(default) if isinstance(default, tuple) else default
            console.print(f"    --set {option}={shown}  {text}", markup=False, soft_wrap=True)


def show_result(result: "Result") -> None:
    """Print the summary table and the notes."""
    from rich.table import Table

    from tombola.analysis.wording import table_cell
    from tombola.cli.console import results

    console = results()
    name = result.summary or next(iter(result.tables), None)
    if name is not None:
        frame = result.tables[name]
        table = Table(title=name)
        for column in frame.columns:
            number = frame[column].dtype.kind in "fiu"
            # a name that is cut off (blocks.0.con…) may be that of several layers; part of a number is another number
            table.add_column(
                str(column), justify="right" if number else "left", overflow="ellipsis" if number else "fold"
            )
        for row in frame.head(ROWS).itertuples(index=False):
            table.add_row(*(table_cell(value) for value in row))
        console.print(table)
        if len(frame) > ROWS:
            console.print(f"{ROWS} of {len(frame):,} rows; the file has all", markup=False)
    for note in result.notes:
        console.print(note, markup=False, soft_wrap=True)

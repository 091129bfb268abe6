"""``tombola explain``: attribution maps of a run's networks over its levels, and how far they can be believed."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from tombola.cli.explain_options import Common, Several, plans
from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    from tombola.explain.plan import Plan
    from tombola.store import Run

ABOUT = (
    "What networks of a run look at, from dense to sparse. Writes maps, overlays, a contact sheet, tables of metrics "
    "and a figure to RUN/explain/METHOD, which the run's report shows from then on. `tombola explain compare RUN LEVEL "
    "LEVEL` shows two levels side by side; `tombola explain --list` names methods, metrics and sanity checks."
)
COMPARE, LIST, NONE = "compare", "--list", "none"
FIGURE = "metrics"


@dataclass
class Options(Common):
    """Arguments of ``tombola explain``."""

    levels: Annotated[
        Several[str], tyro.conf.arg(help="levels: 0 2 4, a range 2-6, every:2 [all]", metavar="LEVEL")
    ] = ()
    controls: Annotated[
        Several[str], tyro.conf.arg(help="controls to explain beside the tickets", metavar="NAME ...")
    ] = ()
    metrics: Annotated[
        Several[str], tyro.conf.arg(help="metrics [all]; none for maps and pictures only", metavar="NAME ...")
    ] = ()
    sanity: Annotated[
        Several[str], tyro.conf.arg(help="sanity checks, beside the usual ones: labels", metavar="NAME ...")
    ] = ()
    no_sanity: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="make no sanity checks")] = False


def main(args: list[str]) -> int:
    """Explain, measure, check, write; the last line is the folder."""
    if args[:1] == [COMPARE]:
        from tombola.cli.explain_compare import main as compare

        return compare(args[1:])
    if args[:1] == [LIST]:
        from tombola.cli.explain_view import show_list

        show_list()
        return 0
    options = parse(Options, args, "tombola explain", ABOUT)
    from tombola.cli.plot_command import level_numbers
    from tombola.store import open_run

    run = open_run(options.run, trust=options.trust)
    levels, measured = [*chain(*options.levels)], [*chain(*options.metrics)]
    asked = plans(
        options,
        run,
        levels=level_numbers(levels, run.spec.prune.levels) if levels else None,
        controls=[*chain(*options.controls)],
        metrics=None if not measured else [] if measured == [NONE] else measured,
        sanity=_checks(options),
    )
    for plan in asked:
        print(_explain(run, plan, options))
    return 0


def _explain(run: "Run", plan: "Plan", options: Options) -> Path:
    from tombola.cli.console import messages
    from tombola.cli.explain_view import show_exploration
    from tombola.explain.exploring import explore
    from tombola.explain.tables import level_table
    from tombola.explain.writing import FOLDER, write_about, write_exploration
    from tombola.plots.explanations import explanation_figure
    from tombola.plots.saving import save_figure

    console = messages()
    found = explore(run, plan, lambda line: console.print(line, markup=False, soft_wrap=True))
    folder = options.out or run.path / FOLDER / plan.method
    write_exploration(found, folder, options.renderer)
    table = level_table(found.values, found.findings)
    figures = [FIGURE] if len(table) else []
    for name in figures:
        figure = explanation_figure(table, f"{plan.method}, {len(found.shown)} {plan.part} images of {found.run}")
        for form in ("svg", "png"):
            save_figure(figure, folder / f"{name}.{form}")
    write_about(found, folder, options.renderer, figures)
    show_exploration(found, table)
    return folder


def _checks(options: Options) -> list[str] | None:
    from tombola.explain.sanity import default_checks

    more = [*chain(*options.sanity)]
    if options.no_sanity and more:
        raise TombolaError("--no-sanity and --sanity contradict each other; leave one of them out")
    return [] if options.no_sanity else list(dict.fromkeys([*default_checks(), *more]))

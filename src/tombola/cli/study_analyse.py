"""``tombola study analyse``: the published analysis of a study's answers, and the valid one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    import pandas as pd

    from tombola.cli.study_declared import Declared
    from tombola.study.statistics import Analysis, Dose

ABOUT = (
    "Analyse the answers of a study folder, or of files (tidy CSV, or frames of the published study): as published, "
    "and validly, with what people and images share taken into account. Tables are written as CSV to DIR/published "
    "and DIR/valid."
)


def option(text: str, metavar: str) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="")


@dataclass
class Options:
    """Arguments of ``tombola study analyse``."""

    what: Annotated[tuple[Path, ...], tyro.conf.Positional, option("a study folder, or files", "STUDY|FILE ...")] = ()
    published: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("the published analysis only", "")] = False
    valid: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("the valid analysis only", "")] = False
    out: Annotated[Path | None, option("folder to write to [STUDY/export/analysis or study-analysis]", "DIR")] = None
    pairs: Annotated[tuple[str, ...], option("pairs, as 'A v B' [those of the study]", "PAIR ...")] = ()
    margin: Annotated[float | None, option("largest difference that does not matter: tests equivalence", "X")] = None
    rates: Annotated[
        tuple[str, ...], option("compression rates, as CONDITION=RATE or CONDITION=RATE:REPLICATE", "C=R ...")
    ] = ()
    reference: Annotated[str | None, option("for --rates: what pairwise conditions were compared with", "NAME")] = None
    correction: Annotated[str | None, option("holm or benjamini-hochberg [as preregistered, else holm]", "NAME")] = None
    batch: Annotated[
        tuple[str, ...], option("batches to analyse [all; of a locked study all but the pilot]", "NAME ...")
    ] = ()
    confirmatory: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, option("refuse unless a preregistration lock holds", "")
    ] = False
    cr1: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("small-sample factor of clustered variances", "")] = False
    draws: Annotated[int, option("of every bootstrap, 5000 or more [5000]", "N")] = 5000
    seed: Annotated[int, option("of every bootstrap [0]", "N")] = 0


def main(args: list[str]) -> int:
    """Analyse, print, write; the last line of standard output is the folder."""
    options = parse(Options, args, "tombola study analyse", ABOUT)
    from tombola.cli.study_analyse_view import show
    from tombola.cli.study_declared import gather

    if not options.what:
        raise TombolaError("name a study folder, or files of answers")
    if options.published and options.valid:
        raise TombolaError("--published and --valid leave nothing; without either both analyses are made")
    frame, declared = gather(options.what, options.batch)
    if options.confirmatory and declared.locked is not True:
        raise TombolaError(" ".join(("confirmatory analysis is refused: no lock that holds.", *declared.notes)))
    inside = options.what[0].is_dir()
    out = options.out or (options.what[0] / "export" / "analysis" if inside else Path("study-analysis"))
    for name, analysis in analyses(options, frame, declared).items():
        analysis.write(out / name)
        show(name, analysis)
    print(out)
    return 0


def analyses(options: Options, frame: "pd.DataFrame", declared: "Declared") -> "dict[str, Analysis]":
    """Return the analyses that were asked for; what the command line says goes before what the study declared."""
    from tombola.study.published import published_analysis
    from tombola.study.statistics import valid_analysis

    found: dict[str, Analysis] = {}
    pairs = [both(text) for text in options.pairs] or declared.pairs
    if options.published or (not options.valid and set(frame.task) & {"pairwise", "recognition"}):
        found["published"] = published_analysis(frame, pairs=pairs)
    if not options.published:
        found["valid"] = valid_analysis(
            frame,
            pairs=pairs,
            families=declared.families,
            correction=options.correction or declared.correction,  # type: ignore[arg-type]
            margin=options.margin if options.margin is not None else declared.margin,
            doses=dict(dose(text) for text in options.rates) or declared.doses,
            reference=options.reference or declared.reference,
            locked=declared.locked,
            cr1=options.cr1,
            draws=options.draws,
            seed=options.seed,
        )
        found["valid"].notes += declared.notes
    return found


def both(text: str) -> tuple[str, str]:
    """Return the two conditions of ``A v B``."""
    first, versus, second = text.partition(" v ")
    if not (versus and first.strip() and second.strip()):
        raise TombolaError(f"--pairs '{text}': say 'A v B'")
    return first.strip(), second.strip()


def dose(text: str) -> "tuple[str, Dose]":
    """Return condition, rate and replicate of ``CONDITION=RATE[:REPLICATE]``."""
    from tombola.study.statistics import Dose

    name, _, rest = text.rpartition("=")
    rate, _, replicate = rest.partition(":")
    try:
        return name, Dose(float(rate), int(replicate or 0))
    except ValueError:
        raise TombolaError(f"--rates {text}: say CONDITION=RATE or CONDITION=RATE:REPLICATE") from None

"""``tombola study report``: one self-contained HTML page about a study's answers, and its tables as CSV beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    import pandas as pd

    from tombola.study.report import Source

ABOUT = (
    "Write one HTML page about the answers of a study folder, or of files (tidy CSV, or frames of the published "
    "study): results with their uncertainty, notices, the analysis as published, and every table. A pruning result "
    "file among the files is taken for --published-results. Tables are also written as CSV, to NAME-tables beside it."
)


def option(text: str, metavar: str, **more: Any) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="", **more)


@dataclass
class Options:
    """Arguments of ``tombola study report``."""

    what: Annotated[tuple[Path, ...], tyro.conf.Positional, option("a study folder, or files", "STUDY|FILE ...")] = ()
    output: Annotated[
        Path | None,
        option("the HTML file [STUDY/export/report.html or study-report.html]", "FILE", aliases=["-o", "--out"]),
    ] = None
    published_results: Annotated[Path | None, option("pruning result file of the published study", "FILE")] = None
    run: Annotated[Path | None, option("run folder of the networks, for accuracy against rate", "RUN")] = None
    metrics: Annotated[Path | None, option("explanation metrics (values.csv of tombola explain)", "FILE")] = None
    reward: Annotated[float | None, option("US dollars per answer", "X")] = None
    payments: Annotated[Path | None, option("payments file that `tombola study import mturk` wrote", "FILE")] = None
    pairs: Annotated[tuple[str, ...], option("pairs, as 'A v B' [those of the study]", "PAIR ...")] = ()
    margin: Annotated[float | None, option("largest difference that does not matter: tests equivalence", "X")] = None
    rates: Annotated[tuple[str, ...], option("compression rates, as CONDITION=RATE[:REPLICATE]", "C=R ...")] = ()
    reference: Annotated[str | None, option("for --rates: what pairwise conditions were compared with", "NAME")] = None
    batch: Annotated[tuple[str, ...], option("batches to report [as in study analyse]", "NAME ...")] = ()
    title: Annotated[str | None, option("of the page [name of the study]", "TEXT")] = None
    draws: Annotated[int, option("of every bootstrap, 5000 or more [5000]", "N")] = 5000
    seed: Annotated[int, option("of every bootstrap [0]", "N")] = 0


def main(args: list[str]) -> int:
    """Analyse, write the page and its tables; the last line of standard output is the page."""
    options = parse(Options, args, "tombola study report", ABOUT)
    from tombola.study.report import write_report

    if options.run is not None and options.published_results is not None:
        raise TombolaError("--run and --published-results are two ladders of accuracy; give one of them")
    if options.reward is not None and options.reward < 0:
        raise TombolaError(f"--reward {options.reward:g} is below 0; give US dollars per answer")
    source, target = gathered(options)
    print(write_report(source, target))
    return 0


def gathered(options: Options) -> "tuple[Source, Path]":
    """Return what the report is made from, and where it goes."""
    from tombola.cli.study_analyse import Options as Analysed
    from tombola.cli.study_analyse import analyses
    from tombola.cli.study_declared import gather
    from tombola.study.design.folder import open_study
    from tombola.study.lock import check_lock
    from tombola.study.report import Source
    from tombola.study.report.metrics import read_metrics

    files, results = sorted_out(options.what)
    if not files:
        raise TombolaError("name a study folder, or files of answers")
    if results is not None and (options.run or options.published_results):
        raise TombolaError(f"{results} is a ladder of accuracy, and --run or --published-results names another")
    ladder = accuracy(options.run, options.published_results or results)
    frame, declared = gather(files, options.batch)
    study = open_study(files[0]) if files[0].is_dir() else None
    if frame[frame.kind == "main"].empty:
        raise TombolaError("there are no answers to report: none is of a main trial")
    metrics = read_metrics(options.metrics, study) if options.metrics else None
    asked = Analysed(
        pairs=options.pairs, margin=options.margin, rates=options.rates, reference=options.reference,
        draws=options.draws, seed=options.seed,
    )  # fmt: skip
    found = analyses(asked, frame, declared)
    source = Source(
        title=options.title or (study.spec.name if study else "Answers to " + ", ".join(file.stem for file in files)),
        answers=frame,
        valid=found["valid"],
        published=found.get("published"),
        study=study,
        lock=check_lock(study, frame) if study else None,
        notes=tuple(declared.notes),
        accuracy=ladder,
        metrics=metrics,
        reward=options.reward,
        payments=payments(options.payments) if options.payments else None,
    )
    default = study.path / "export" / "report.html" if study else Path("study-report.html")
    return source, options.output or default


def sorted_out(paths: "tuple[Path, ...]") -> "tuple[list[Path], Path | None]":
    """Return files of answers, or a study folder, and the pruning result file that lies among them, if one does."""
    from tombola.interop.pruning_results import OWN
    from tombola.study.answers import read_texts

    answers: list[Path] = []
    results: list[Path] = []
    for path in paths:
        ladder = path.is_file() and set(OWN) <= set(read_texts(path).columns)
        (results if ladder else answers).append(path)
    if len(results) > 1:
        raise TombolaError(f"{results[0]} and {results[1]} are two pruning result files; give one of them")
    return answers, results[0] if results else None


def accuracy(run: Path | None, published: Path | None) -> "pd.DataFrame | None":
    """Return the accuracy ladder of a run, or of a published result file; None where neither is named."""
    from tombola.study.report import ladder

    if run is not None:
        from tombola.analysis.results import result_rows
        from tombola.store import open_run

        return ladder.of_results(result_rows(open_run(run)))
    if published is not None:
        from tombola.interop.pruning_results import read_pruning_results

        return ladder.of_published(read_pruning_results(published))
    return None


def payments(path: Path) -> "pd.DataFrame":
    """Return a payments file; raise one sentence if it is none."""
    import pandas as pd

    from tombola.study.answers import read_texts
    from tombola.study.report.facts import PAY

    table = read_texts(path)
    lacking = [name for name in PAY if name not in table.columns]
    if lacking:
        raise TombolaError(f"{path} is no payments file of `tombola study import mturk`: it lacks '{lacking[0]}'")
    numbers = {name: pd.to_numeric(table[name], errors="coerce").astype("Float64") for name in PAY[1:]}
    return table.assign(**numbers)[list(PAY)]

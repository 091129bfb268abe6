"""``tombola study export``: answers as tidy CSV with a codebook, or a batch of pictures for MTurk."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

SIZE = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")


@dataclass
class Options:
    """Arguments of ``tombola study export``."""

    study: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the study folder", metavar="STUDY")]
    mturk: Annotated[bool, tyro.conf.arg(help="a batch for MTurk instead of the answers", metavar="")] = False
    out: Annotated[Path | None, tyro.conf.arg(help="where to [STUDY/export]", metavar="DIR")] = None
    base: Annotated[str, tyro.conf.arg(help="mturk: address at which pictures will be served", metavar="URL")] = ""
    size: Annotated[
        str | None, tyro.conf.arg(help="mturk: size of pictures [3750x1200; recognition 900x600]", metavar="WxH")
    ] = None
    sides: Annotated[
        Literal["one", "both"], tyro.conf.arg(help="mturk: sides of a pair in one picture, or both in two", metavar="S")
    ] = "one"
    gold: Annotated[bool, tyro.conf.arg(help="mturk: attention checks among the pictures", metavar="true|false")] = True
    seed: Annotated[int, tyro.conf.arg(help="mturk: of the order of rows", metavar="N")] = 0


def main(args: list[str]) -> int:
    """Write answers and codebook, or a batch file with its pictures; print what was written."""
    options = parse(Options, args, "tombola study export", "Answers as tidy CSV with a codebook; a batch for MTurk.")
    from tombola.study.design.folder import EXPORT

    folder = options.out or options.study / EXPORT
    return export_batch(options, folder) if options.mturk else export_tidy(options, folder)


def export_tidy(options: Options, folder: Path) -> int:
    """Write ``answers.csv`` and ``codebook.csv``."""
    from tombola.cli.console import messages
    from tombola.store.files import write_text
    from tombola.study.answers import write_answers
    from tombola.study.design.codebook import codebook
    from tombola.study.design.folder import open_study
    from tombola.study.server.export import export_answers

    study = open_study(options.study)
    frame = export_answers(study)
    write_answers(frame, folder / "answers.csv")
    write_text(folder / "codebook.csv", codebook(study))
    messages().print(f"{len(frame)} answers of {frame['participant'].nunique()} participants")
    print(folder / "answers.csv")
    return 0


def export_batch(options: Options, folder: Path) -> int:
    """Write the pictures and ``batch.csv``; what they show goes into the study's key."""
    from tombola.cli.console import messages
    from tombola.study.design.batch import compose_batch
    from tombola.study.design.folder import open_study
    from tombola.study.files.mturk_batch import write_batch

    found = None if options.size is None else SIZE.fullmatch(options.size)
    if options.size is not None and found is None:
        raise TombolaError(f"size = {options.size}: say width x height in pixels, such as 3750x1200")
    size = None if found is None else (int(found[1]), int(found[2]))
    batch = compose_batch(
        open_study(options.study), folder / "mturk", size=size, sides=options.sides, gold=options.gold
    )
    count = write_batch(batch.names, folder / "batch.csv", seed=options.seed, base=options.base)
    console = messages()
    console.print(f"{count} pictures in {batch.folder}; ask MTurk for {batch.raters} assignments of each", markup=False)
    console.print(f"what they show: {batch.key} (keep it; import results with --key {batch.key})", markup=False)
    print(folder / "batch.csv")
    return 0

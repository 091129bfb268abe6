"""``tombola study lock``: preregister a study, check the lock, log a deviation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError


@dataclass
class Options:
    """Arguments of ``tombola study lock``."""

    study: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="the study folder", metavar="STUDY")]
    check: Annotated[bool, tyro.conf.arg(help="only say whether the lock holds", metavar="")] = False
    deviation: Annotated[
        str | None, tyro.conf.arg(help="log what is done otherwise than planned, and why", metavar="WHY")
    ] = None


def main(args: list[str]) -> int:
    """Lock a study, once; or check its lock (exit code 1 where it does not hold); or log a deviation."""
    options = parse(Options, args, "tombola study lock", "Fix hypotheses, exclusions and analysis before any answer.")
    if options.check and options.deviation is not None:
        raise TombolaError("--check and --deviation are two things; give one of them")
    from tombola.cli.console import messages
    from tombola.study.design.folder import open_study
    from tombola.study.lock import add_deviation, check_lock, write_lock
    from tombola.study.texts import placeholders

    study, console = open_study(options.study), messages()
    if options.deviation is not None:
        print(add_deviation(study, options.deviation).at)
        return 0
    if options.check:
        status = check_lock(study)
        for problem in status.problems:
            console.print(problem, markup=False)
        for deviation in status.deviations:
            console.print(f"deviation {deviation.at}: {deviation.reason}", markup=False)
        print(f"{'holds' if status.confirmatory else 'does not hold'} {status.digest}".strip())
        return 0 if status.confirmatory else 1
    for name, text in study.texts.items():
        for gap in placeholders(text):
            console.print(f"still to be filled in, and then locked: texts/{name}.md: {gap}", markup=False)
    if study.answers_file.is_file():
        console.print("there is a file of answers already: what came before this moment stays exploratory")
    status = write_lock(study)
    console.print(f"locked at {status.at}; keep this digest where others can see when you had it:")
    print(status.digest)
    return 0

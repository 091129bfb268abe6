"""``tombola study import``: answers collected elsewhere, as a tidy frame without anybody's id."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from tombola.study.files.pictures import Shown

ABOUT = (
    "Read answers collected elsewhere. mturk: batch results, as downloaded. prolific: submissions, joined to the "
    "--answers they belong to. derived: the frames of the published study. Ids of people are replaced by pseudonyms "
    "before anything is written. Beside ANSWERS.csv lie tables of what was left out and what was paid."
)
KINDS = ("mturk", "prolific", "derived")
MANIFEST = Path("key/manifest.csv")


def option(text: str, metavar: str, **more: Any) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="", **more)


@dataclass
class Options:
    """Arguments of ``tombola study import``."""

    what: Annotated[
        tuple[str, ...], tyro.conf.Positional, option("mturk, prolific or derived, then files", "KIND FILE ...")
    ] = ()
    out: Annotated[Path, option("file to write [answers.csv]", "FILE", aliases=["-o", "--output"])] = Path(
        "answers.csv"
    )
    salt: Annotated[
        Path | None, option("secret of the pseudonyms, made if absent; STUDY/key/salt [one that is forgotten]", "FILE")
    ] = None
    key: Annotated[Path | None, option("mturk: study folder or manifest that tells what pictures show", "PATH")] = None
    columns: Annotated[
        tuple[str, ...], option("mturk: other answer columns, as Answer.x.=Answer.algorithms.", "FROM=TO ...")
    ] = ()
    rejected: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("mturk: keep rejected assignments", "")] = False
    rates: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("mturk: keep workers' approval rates", "")] = False
    batch: Annotated[str | None, option("derived: name of the batch [that of the file]", "NAME")] = None
    answers: Annotated[Path | None, option("prolific: the tidy answers of these participants", "FILE")] = None
    demographics: Annotated[tuple[str, ...], option("prolific: columns to keep, such as Age", "COLUMN ...")] = ()


def main(args: list[str]) -> int:
    """Import, write, say what was left out; the last line of standard output is the file."""
    options = parse(Options, args, "tombola study import", ABOUT)
    if not options.what or options.what[0] not in KINDS:
        wrong = options.what[0] if options.what else ""
        raise TombolaError(f"say what to import, not '{wrong}'{nearest(wrong, KINDS)}, and then files")
    kind, files = options.what[0], [Path(text) for text in options.what[1:]]
    if not files:
        raise TombolaError(f"tombola study import {kind} needs a FILE")
    tables = {"mturk": from_mturk, "prolific": from_prolific, "derived": from_derived}[kind](options, files)
    return write(tables, options.out)


def from_mturk(options: Options, files: Sequence[Path]) -> "dict[str, pd.DataFrame]":
    """Return the tables in files of batch results."""
    from tombola.study.files import read_batches

    renamed = {}
    for text in options.columns:
        start, equals, meaning = text.partition("=")
        if not (equals and start and meaning):
            raise TombolaError(f"--columns {text}: say FROM=TO, such as Answer.choice.=Answer.algorithms.")
        renamed[start] = meaning
    found = read_batches(
        files,
        secret(options.salt),
        columns=renamed,
        key=pictures(options.key),
        rejected=options.rejected,
        rates=options.rates,
    )
    return {"": found.answers, "reported": found.reported, "payments": found.payments, "rates": found.rates}


def from_prolific(options: Options, files: Sequence[Path]) -> "dict[str, pd.DataFrame]":
    """Return the answers of submissions that count, and the submissions."""
    import pandas as pd

    from tombola.study.files.prolific import join_submissions, read_raw_answers, read_submissions

    if options.answers is None or options.salt is None:
        raise TombolaError(
            "Prolific has no answers: name theirs with --answers FILE, and with --salt STUDY/key/salt the secret under "
            "which they were stored"
        )
    salt = secret(options.salt)
    submissions = [read_submissions(file, salt, demographics=options.demographics) for file in files]
    found = join_submissions(read_raw_answers(options.answers, salt), pd.concat(submissions, ignore_index=True))
    return {"": found.answers, "participants": found.participants, "reported": found.reported}


def from_derived(options: Options, files: Sequence[Path]) -> "dict[str, pd.DataFrame]":
    """Return the answers in frames of the published study."""
    from tombola.study.answers import merge
    from tombola.study.files import read_derived

    salt = secret(options.salt)
    return {"": merge([read_derived(file, batch=options.batch, salt=salt) for file in files])}


def secret(path: Path | None) -> bytes:
    """Return the salt of a file, or one that is forgotten after this import."""
    from tombola.study.files.pseudonyms import new_salt, read_salt

    return new_salt() if path is None else read_salt(path)


def pictures(path: Path | None) -> "dict[str, Shown] | None":
    """Return what blinded pictures show, from a manifest or the study folder it lies in."""
    from tombola.study.files import read_key

    if path is None:
        return None
    return read_key(path / MANIFEST if path.is_dir() else path)


def write(tables: "dict[str, pd.DataFrame]", out: Path) -> int:
    """Write the answers, and beside them every other table that has rows."""
    from tombola.cli.console import messages
    from tombola.store.files import write_text
    from tombola.study.answers import write_answers

    answers, told = tables[""], messages()
    write_answers(answers, out)
    people, batches = answers.participant.nunique(), answers.batch.nunique()
    told.print(f"{len(answers):,} answers of {people:,} participants in {batches} batches")
    for name, table in tables.items():
        if name and len(table):
            beside = out.with_name(f"{out.stem}-{name}{out.suffix or '.csv'}")
            write_text(beside, table.to_csv(index=False, lineterminator="\n"))
            told.print(f"{name}: {len(table):,} rows in {beside}", soft_wrap=True)
    print(out)
    return 0

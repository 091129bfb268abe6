"""``tombola study simulate``: simulated participants, through the web application or in memory."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from tombola.cli.parse import parse
from tombola.errors import TombolaError

if TYPE_CHECKING:
    import pandas as pd

    from tombola.study.design.folder import Study
    from tombola.study.simulated import Audit, Crowd, Outcome

ABOUT = (
    "Let simulated participants take part in a study: through the pages of a server of their own, on a copy of the "
    "study, unless --memory or --url says otherwise. For rehearsals, power and tests; never evidence."
)


def option(text: str, metavar: str) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="")


@dataclass
class Options:
    """Arguments of ``tombola study simulate``."""

    study: Annotated[Path, tyro.conf.Positional, option("the study folder", "STUDY")]
    participants: Annotated[int, option("how many come [as many as the study needs]", "N")] = 0
    memory: Annotated[bool, tyro.conf.FlagCreatePairsOff, option("without server and pages: fast", "")] = False
    url: Annotated[str, option("a server of this study that is running already", "URL")] = ""
    preference: Annotated[tuple[str, ...], option("share of A among decisive votes [.5]", "'A v B=X' ...")] = ()
    ties: Annotated[float, option("share of votes for neither [0.3]", "X")] = 0.3
    lapse: Annotated[float, option("share of answers given without looking [0.02]", "X")] = 0.02
    worker_sd: Annotated[float, option("how people differ, in units of one answer's noise [0.5]", "X")] = 0.5
    image_sd: Annotated[float, option("how images differ, in the same units [0.5]", "X")] = 0.5
    accuracy: Annotated[float, option("chance to recognise [0.85]", "X")] = 0.85
    accuracy_of: Annotated[tuple[str, ...], option("the same by condition", "CONDITION=X ...")] = ()
    abstain: Annotated[float, option("chance to say so when not knowing [0.6]", "X")] = 0.6
    dropout: Annotated[float, option("share of participants who leave midway [0]", "X")] = 0.0
    seconds: Annotated[float, option("median response time that is reported [6]", "X")] = 6.0
    pace: Annotated[float, option("part of response times that is really waited [0]", "X")] = 0.0
    concurrency: Annotated[int, option("participants at the same time [50]", "N")] = 50
    kills: Annotated[int, option("kill the own server so often meanwhile, and start it again [0]", "N")] = 0
    seed: Annotated[int, option("of all participants [0]", "N")] = 0
    out: Annotated[Path | None, option("where answers.csv and requests.csv go [STUDY-simulated]", "DIR")] = None


def main(args: list[str]) -> int:
    """Simulate, print what happened, write the answers; exit code 1 if the server failed or lost anything."""
    options = parse(Options, args, "tombola study simulate", ABOUT)
    from tombola.store.files import write_text
    from tombola.study.answers import write_answers
    from tombola.study.design.folder import open_study

    if options.memory and options.url:
        raise TombolaError("--memory and --url are two ways; give one of them")
    study, people = open_study(options.study), crowd(options)
    out = options.out or options.study.with_name(f"{options.study.resolve().name}-simulated")
    if options.memory:
        from tombola.study.simulated import answer_in_memory

        frame = answer_in_memory(study, people, options.participants, dropout=options.dropout)
        show_answers(study, people, frame)
        write_answers(frame, out / "answers.csv")
        print(out / "answers.csv")
        return 0
    from tombola.study.server.export import export_answers

    served, outcome = through_pages(options, study, people, out)
    found = show_outcome(served, outcome)
    write_text(out / "requests.csv", outcome.requests.table().to_csv(index=False, lineterminator="\n"))
    if served.answers_file.is_file():
        frame = export_answers(served)
        show_answers(served, people, frame)
        write_answers(frame, out / "answers.csv")
        print(out / "answers.csv")
    return 1 if outcome.failed or (found is not None and not found.clean) else 0


def crowd(options: Options) -> "Crowd":
    """Return the crowd that was asked for."""
    from tombola.study.simulated import Crowd

    preferences: dict[tuple[str, str], float] = {}
    for text in options.preference:
        pair, share = _assigned("preference", text)
        first, versus, second = pair.partition(" v ")
        if not versus:
            raise TombolaError(f"--preference '{text}': say 'A v B=0.6'")
        preferences[first.strip(), second.strip()] = share
    names = ("ties", "lapse", "worker_sd", "image_sd", "accuracy", "abstain", "seconds", "seed")
    given = {name: getattr(options, name) for name in names}
    of = dict(_assigned("accuracy-of", text) for text in options.accuracy_of)
    return Crowd(preferences=preferences, accuracy_of=of, **given)


def through_pages(options: Options, study: "Study", people: "Crowd", out: Path) -> "tuple[Study, Outcome]":
    """Return the study that was served, and what became of the participants."""
    from tombola.study.simulated import drive
    from tombola.study.simulated.own_server import copy_study, drive_own_server

    number = options.participants or len(study.blocks)
    how: dict[str, Any] = {name: getattr(options, name) for name in ("concurrency", "dropout", "pace")}
    if not options.url:
        served = copy_study(study, out / "study")
        return served, drive_own_server(served, people, number, kills=options.kills, **how)
    if options.kills:
        raise TombolaError("--kills ends a server of its own only; leave --url out")
    if study.lock_file.is_file():
        raise TombolaError(
            f"{study.path} is locked, and simulated answers among real ones would spoil it; leave --url out: "
            "then a copy is served"
        )
    return study, drive(study, people, options.url, number, **how)


def show_outcome(study: "Study", outcome: "Outcome") -> "Audit | None":
    """Print what participants saw of the server, and whether the database holds it; return the latter."""
    from tombola.cli.console import results
    from tombola.cli.study_analyse_view import show_table
    from tombola.study.simulated import audit

    console, requests = results(), outcome.requests
    show_table("requests", requests.table(), ())
    ends = [f"{len(outcome.codes)} completion codes ({len(set(outcome.codes))} different)"]
    ends += [f"{count} ended: {how}" for how, count in outcome.ended.items()]
    rate = f"{requests.count / outcome.seconds:.0f} requests a second" if outcome.seconds else ""
    again = ", ".join(f"{count} after {why}" for why, count in requests.retries.items()) or "none"
    console.print(f"{'; '.join(ends)}; {outcome.seconds:.1f} s, {rate}", markup=False)
    console.print(f"sent again: {again}; errors: {len(outcome.failed)}", markup=False)
    for sentence in outcome.failed[:5]:
        console.print(f"  {sentence}", markup=False)
    if not study.answers_file.is_file():
        return None
    found = audit(study, requests.accepted)
    console.print(
        f"answers confirmed {found.accepted}, stored {found.stored}, lost {found.lost}, doubled {found.doubled}, "
        f"overfull cells {found.overfull}",
        markup=False,
    )
    return found


def show_answers(study: "Study", people: "Crowd", frame: "pd.DataFrame") -> None:
    """Print how many answers there are, and what was put in beside what is found."""
    from tombola.cli.console import results
    from tombola.cli.study_analyse_view import show_table
    from tombola.study.simulated.recovery import recovery

    console = results()
    console.print(f"{len(frame)} answers of {frame.participant.nunique()} participants", markup=False)
    if study.spec.pairs:
        show_table("put in, and found", recovery(frame, people, study.spec.pairs), ())


def _assigned(name: str, text: str) -> tuple[str, float]:
    what, _, value = text.rpartition("=")
    try:
        return what.strip(), float(value)
    except ValueError:
        raise TombolaError(f"--{name} '{text}': say NAME=NUMBER") from None

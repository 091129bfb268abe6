"""``tombola study power``: how many answers a question needs, what they can tell, what they cost."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tombola.cli.parse import parse
from tombola.cli.study_power_options import Options
from tombola.errors import TombolaError, nearest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from tombola.study.design.folder import Study
    from tombola.study.power import Pilot, Population

ABOUT = (
    "How many answers tell a share of preferences from one half, by formula and by simulation, when votes share people "
    "and images; and what they cost. With a study folder: what its planned participants can find out."
)
RATERS, PER_PARTICIPANT = 5, 40
APART = 0.1
DIFFERENT = (
    "Where simulated power and the formula differ by more than 0.1, believe the simulation: the formula supposes many "
    "votes, many people and many images, and the test finds nothing where all votes are the same."
)
PRINTED: dict[str, tuple[str, ...]] = {
    "pilot": ("pair", "answers", "workers", "images", "share", "ties", "worker_sd", "image_sd", "seconds"),
    "planned": ("pair", "answers", "participants", "design_effect", "power", "simulated_power", "detectable_share"),
    "trade_off": (
        *("raters", "images", "participants", "answers", "design_effect", "power", "simulated_power"),
        *("detectable_share", "cost"),
    ),
}
"""Columns that are printed; the files have all."""


def main(args: list[str]) -> int:
    """Print the tables, and write them where asked; the last line of standard output is then the folder."""
    options = parse(Options, args, "tombola study power", ABOUT)
    from tombola.cli.console import results
    from tombola.cli.study_analyse_view import show_table
    from tombola.study.design.folder import open_study
    from tombola.study.power.figure import power_figure
    from tombola.study.power.tables import pilot_table

    if len(options.proportions) not in (0, 2):
        raise TombolaError(f"--proportions needs two numbers, such as 0.9 0.8; {len(options.proportions)} given")
    study = None if options.study is None else open_study(options.study)
    if study is not None and study.spec.task != "pairwise":
        raise TombolaError(
            f"the task of this study is {study.spec.task}; power of a share needs a pairwise study "
            "(for recognition leave the study out and use --proportions)"
        )
    raters, size = shape(options, study)
    pilots = read_pilot(options)
    chosen = choose(options, pilots, raters, size)
    who = population(options, chosen)
    found = {}
    if chosen is not None:
        found["pilot"] = (f"pilot (the tables below use {chosen.pair})", pilot_table(pilots))
    found |= tables(options, study, who, seconds(options, study, chosen))
    for name, (title, frame) in found.items():
        if name != "curve":
            show_table(title, frame, PRINTED.get(name, ()))
    for sentence in notes(found):
        results().print(sentence, markup=False)
    if options.out is not None:
        write(options.out, found, power_figure(found["curve"][1], who, options.power))
        print(options.out)
    return 0


def tables(
    options: Options, study: "Study | None", who: "Population", each: float
) -> "dict[str, tuple[str, pd.DataFrame]]":
    """Return (title, table) by name of file, for a population that needs `each` seconds per answer."""
    from tombola.study.power import tables as make
    from tombola.study.power import trade_off

    raters, size = shape(options, study)
    costs: dict[str, Any] = {
        "wage": options.wage,
        "seconds": each,
        "overhead": options.overhead,
        "fee": options.fee,
        "checks": 0 if study is None else study.spec.gold + study.spec.repeats + study.spec.practice,
    }
    draws: dict[str, Any] = {"alpha": options.alpha, "draws": options.draws, "seed": options.seed}
    powers = sorted({*make.POWERS, options.power})
    found = {}
    sizes = make.size_table(who, raters, size, powers, options.alpha, **costs)
    found["sizes"] = (f"answers to one pair, with {raters} raters per image and {size} answers per participant", sizes)
    if options.proportions:
        first, second = options.proportions
        both = make.difference_table(first, second, powers, options.design_effect, options.alpha)
        found["proportions"] = ("two proportions", both)
    wanted = options.answers or int(sizes[sizes.power == options.power].answers.iloc[0])
    several = sorted({max(1, wanted // 4), max(1, wanted // 2), wanted, 2 * wanted, 4 * wanted})
    detectable = make.detectable_table(who, raters, size, several, options.power)
    found["detectable"] = (f"smallest share found with power {options.power:g}", detectable)
    if study is not None:
        planned = make.planned_table(study, who, power=options.power, **draws)
        found["planned"] = (f"{study.spec.name} as planned, if the share is {who.share:g}", planned)
    rows = trade_off(who, per_worker=size, answers=options.answers, power=options.power, **draws, **costs)
    found["trade_off"] = ("raters per image or more images?", rows)
    found["curve"] = ("", make.curve_table(who, raters, size, power=options.power, **draws))
    return found


def shape(options: Options, study: "Study | None") -> tuple[int, int]:
    """Return raters per image and answers per participant about one pair."""
    raters, size = RATERS, PER_PARTICIPANT
    if study is not None:
        size = max(1, round(max(map(len, study.blocks)) / len(study.spec.pairs)))
        raters = study.spec.raters
    raters, size = options.raters or raters, options.per_participant or size
    for name, value in (("raters", raters), ("per-participant", size), ("answers", options.answers or 1)):
        if value < 1:
            raise TombolaError(f"--{name} {value}: give a whole number of at least 1")
    if options.draws and options.draws < 100:
        raise TombolaError(f"--draws {options.draws}: give 0 for formulas only, or at least 100")
    return raters, size


def read_pilot(options: Options) -> "list[Pilot]":
    """Return what pilot answers say about each pair, nothing without any."""
    if options.pilot is None:
        if options.pair is not None:
            raise TombolaError("--pair chooses among the pairs of a pilot; give --pilot FILE too")
        return []
    from tombola.cli.study_declared import gather
    from tombola.study.power import pilot_populations

    return pilot_populations(gather([options.pilot])[0])


def choose(options: Options, pilots: "list[Pilot]", raters: int, size: int) -> "Pilot | None":
    """Return the pair of the pilot that was asked for, or the one that needs most answers."""
    from tombola.study.power.tables import most_demanding

    if not pilots:
        return None
    if options.pair is None:
        return most_demanding(pilots, raters, size)
    for each in pilots:
        if each.pair == options.pair:
            return each
    raise TombolaError(f"--pair '{options.pair}'{nearest(options.pair, [each.pair for each in pilots])}")


def population(options: Options, pilot: "Pilot | None") -> "Population":
    """Return who votes how: the pilot's people, with the share that must not be missed."""
    from tombola.study.power import Population

    who = replace(pilot.population if pilot else Population(), share=options.share)
    given = {name: getattr(options, name) for name in ("ties", "worker_sd", "image_sd")}
    return replace(who, **{name: value for name, value in given.items() if value is not None})


def seconds(options: Options, study: "Study | None", pilot: "Pilot | None") -> float:
    """Return seconds per answer: as given, as measured, as the study expects, or a guess."""
    from tombola.study.power.cost import SECONDS

    if options.seconds is not None:
        return options.seconds
    if pilot is not None and pilot.seconds > 0:
        return pilot.seconds
    return SECONDS if study is None else float(study.spec.seconds_per_trial)


def notes(found: "dict[str, tuple[str, pd.DataFrame]]") -> list[str]:
    """Return what must be said about the tables."""
    said = []
    for name in ("planned", "trade_off"):
        frame = found[name][1] if name in found else None
        if frame is not None and ((frame.simulated_power - frame.power).abs() > APART).any():
            said = [DIFFERENT]
    return said


def write(folder: Path, found: "dict[str, tuple[str, pd.DataFrame]]", figure: "Figure") -> None:
    """Write every table as CSV, and the curve as PNG and SVG."""
    from tombola.plots.saving import save_figure
    from tombola.store.files import write_text

    for name, (_, frame) in found.items():
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    for form in ("png", "svg"):
        save_figure(figure, folder / f"power.{form}")

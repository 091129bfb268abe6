"""Arguments of ``tombola study power``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro


def option(text: str, metavar: str) -> Any:
    """Return the description of an option."""
    return tyro.conf.arg(help=text, metavar=metavar, help_behavior_hint="")


@dataclass
class Options:
    """Arguments of ``tombola study power``."""

    study: Annotated[Path | None, tyro.conf.Positional, option("a study folder; without: a study to be", "STUDY")] = (
        None
    )
    share: Annotated[float, option("share of A among decisive votes that must not be missed [0.55]", "X")] = 0.55
    power: Annotated[float, option("chance to find it [0.8]", "X")] = 0.8
    alpha: Annotated[float, option("chance to find what is not there, two-sided [0.05]", "X")] = 0.05
    ties: Annotated[float | None, option("share of votes for neither [of the pilot, else 0]", "X")] = None
    worker_sd: Annotated[float | None, option("how people differ, in units of one vote's noise [pilot, 0]", "X")] = None
    image_sd: Annotated[float | None, option("how images differ, in the same units [pilot, 0]", "X")] = None
    pilot: Annotated[Path | None, option("pilot answers to take these from: tidy or published frame", "FILE")] = None
    pair: Annotated[str | None, option("pair of the pilot, as 'A v B' [the one that needs most]", "PAIR")] = None
    proportions: Annotated[tuple[float, ...], option("also: answers per arm to tell two proportions apart", "P Q")] = ()
    design_effect: Annotated[float, option("of answers behind --proportions [1]", "X")] = 1.0
    raters: Annotated[int | None, option("answers per image and pair [of the study, else 5]", "N")] = None
    per_participant: Annotated[int | None, option("answers of one participant per pair [study, else 40]", "N")] = None
    answers: Annotated[int | None, option("answers there will be: what can they detect?", "N")] = None
    wage: Annotated[float, option("per hour, in any currency [15]", "X")] = 15.0
    seconds: Annotated[float | None, option("per answer [measured in the pilot, of the study, else 12]", "X")] = None
    overhead: Annotated[float, option("paid seconds per participant besides answers [300]", "X")] = 300.0
    fee: Annotated[float, option("of a platform, as a fraction of pay [0]", "X")] = 0.0
    draws: Annotated[int, option("simulated studies per row, up to 50,000 answers; 0: formulas only [1000]", "N")] = (
        1000
    )
    seed: Annotated[int, option("of the simulation [0]", "N")] = 0
    out: Annotated[Path | None, option("folder for tables as CSV and the curve as PNG and SVG", "DIR")] = None

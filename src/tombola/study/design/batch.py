"""A batch of pictures for crowd platforms that show one picture per question: composed, and blinded like all others."""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tombola.errors import TombolaError
from tombola.store.files import told_clearly, write_text
from tombola.study.assignment.draw import Draw
from tombola.study.design.folder import SALT, Study
from tombola.study.design.material import Pixels
from tombola.study.design.naming import Names
from tombola.study.design.own_pictures import read_pixels
from tombola.study.design.png import common_length, encode, filled
from tombola.study.design.public import MOMENT, SUFFIX
from tombola.study.trial import Trial

KEY_FILE = "mturk.csv"
COLUMNS = ("public_id", "trial", "kind", "image", "image_class", "left", "right", "condition")
COMPOSED = ("pairwise", "recognition")
"""Tasks whose question fits into one picture."""


@dataclass(frozen=True)
class Batch:
    """What was composed.

    Attributes
    ----------
    names
        Public names of the pictures.
    folder
        Where they lie.
    key
        What each of them shows, for `tombola study import mturk --key`; in the study's key, never to be uploaded.
    raters
        How many assignments to ask for per picture.
    """

    names: tuple[str, ...]
    folder: Path
    key: Path
    raters: int


def compose_batch(
    study: Study,
    folder: Path,
    *,
    size: tuple[int, int] | None = None,
    sides: Literal["one", "both"] = "one",
    gold: bool = True,
) -> Batch:
    """Write one picture per main cell (and per attention check): a triptych for pairs, a window alone for recognition.

    Parameters
    ----------
    study
        A pairwise or recognition study.
    folder
        Where pictures are written.
    size
        Width and height; by default the published 3750 x 1200 of a triptych, 900 x 600 of a window.
    sides
        ``one``: each pair with the sides that a draw gives it, the same for all raters, as crowd platforms need it;
        ``both``: both sides as two pictures, to be rated by half as many people each.
    gold
        Whether attention checks are among the pictures.

    Raises
    ------
    TombolaError
        If the task does not fit into one picture, or raters cannot be halved.
    """
    spec = study.spec
    if spec.task not in COMPOSED:
        raise TombolaError(f"task {spec.task} does not fit into one picture; {' and '.join(COMPOSED)} do")
    if sides == "both" and (spec.task != "pairwise" or spec.raters % 2):
        raise TombolaError(f"sides = both needs task pairwise and an even number of raters, not {spec.raters}")
    names = Names(bytes.fromhex((study.key_folder / SALT).read_text(encoding="utf-8").strip()))
    trials = {names.name("batch", trial.name): trial for trial in _chosen(study, sides, gold)}
    encoded = {name: encode(_composed(study, trial, size)) for name, trial in trials.items()}
    length = common_length([len(content) for content in encoded.values()])
    with told_clearly(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(encoded):
            file = folder / f"{name}{SUFFIX}"
            file.write_bytes(filled(encoded[name], length, names.filler(length, name)))
            os.utime(file, (MOMENT, MOMENT))
    key = study.key_folder / KEY_FILE
    write_text(key, _key(study, trials))
    key.chmod(0o600)
    return Batch(tuple(sorted(trials)), folder, key, spec.raters // 2 if sides == "both" else spec.raters)


def _chosen(study: Study, sides: str, gold: bool) -> Iterator[Trial]:
    kinds = ("main", "gold") if gold else ("main",)
    variants: dict[str, list[Trial]] = {}
    for trial in study.trials.values():
        if trial.kind in kinds:
            variants.setdefault(study.truth[trial.name].cell, []).append(trial)
    for cell, trials in variants.items():
        if sides == "both":
            yield from trials
        else:
            yield trials[Draw(study.spec.seed, "batch", cell).below(len(trials))]


def _composed(study: Study, trial: Trial, size: tuple[int, int] | None) -> Pixels:
    from tombola.explain.render import single_window, triptych
    from tombola.explain.render.compose import SINGLE, TRIPTYCH

    pixels = [read_pixels(study.public_folder / f"{picture.name}{SUFFIX}") for picture in trial.pictures]
    if study.spec.task == "recognition":
        return single_window(pixels[0], size=size or SINGLE)
    # heat maps carry a scale below; the triptych draws one of its own
    height = pixels[1].shape[0]
    coloured = pixels[0].shape[0] > height
    said = study.truth[trial.name].predicted
    scale = ("jet" if study.spec.stimuli.renderer.endswith("jet") else "viridis") if coloured else None
    parts = [one[:height] for one in pixels]
    return triptych(parts[0], parts[1], parts[2], (said, said), scale=scale, size=size or TRIPTYCH)


def _key(study: Study, trials: dict[str, Trial]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for name in sorted(trials):
        truth = study.truth[trials[name].name]
        writer.writerow({**vars(truth), "public_id": name, "trial": truth.trial, "kind": trials[name].kind})
    return text.getvalue()

"""The most and least preferred stimuli, as participants saw them, with what the key says about them."""

import base64
import io
from typing import Final

import pandas as pd
from markupsafe import Markup

from tombola.study.design.folder import Study
from tombola.study.report.blocks import Block, Gallery, Section, Shot, Stimulus, Words
from tombola.study.report.book import Book
from tombola.study.report.human import by_image
from tombola.study.report.source import Source
from tombola.study.trial import Trial

EACH: Final = 3
"""Stimuli at either end."""
TABLE: Final = "gallery"


def gallery(source: Source, book: Book) -> Section | None:
    """Return the stimuli at both ends of every pair or condition; nothing without a study folder with pictures."""
    if source.study is None or not any(source.study.public_folder.glob("*.png")):
        return None
    pairs = [tuple(row["pair"].split(" v ", 1)) for _, row in book.rows("shares")]
    chosen = ends_of(by_image(source.answers, pairs or None))
    if chosen.empty:
        return None
    title = "Stimuli of the gallery: answers to each, and its score from -1 (second) to 1 (first)"
    book.add(TABLE, title, chosen)
    blocks: list[Block] = [
        Words(
            "For researchers: captions say what participants must not know. Each stimulus has few answers, so luck is "
            "among its reasons."
        )
    ]
    shown = {(str(row["what"]), str(row["end"])) for _, row in book.rows(TABLE)}
    for what, end in sorted(shown, key=lambda both: (list(chosen.what).index(both[0]), both[1] != MOST)):
        stimuli = [_stimulus(source.study, book, i, row) for i, row in book.rows(TABLE, what=what, end=end)]
        found = tuple(one for one in stimuli if one is not None)
        blocks.append(Gallery(_heading(what, end, str(chosen.task[chosen.what == what].iloc[0])), found))
    return Section("gallery", "Gallery", tuple(blocks))


MOST, LEAST = "most", "least"


def ends_of(human: pd.DataFrame, each: int = EACH) -> pd.DataFrame:
    """Return the images with the highest and lowest scores of every pair or condition, with a column ``end``.

    Equal scores go by more answers, then by image. An image is never at both ends, and of a pair only images on which
    one side won stand under its name.
    """
    parts = []
    for (task, _), mine in human.groupby(["task", "what"], sort=False):
        ranked = mine.sort_values(["score", "answers", "image"], ascending=[False, False, True])
        lowest = mine.sort_values(["score", "answers", "image"], ascending=[True, False, True])
        if task == "pairwise":
            ranked, lowest = ranked[ranked.score > 0], lowest[lowest.score < 0]
        count = min(each, (len(mine) + 1) // 2)
        top = ranked.head(count)
        parts.append(top.assign(end=MOST))
        parts.append(lowest[~lowest.image.isin(top.image)].head(count).assign(end=LEAST))
    empty = human.assign(end="").head(0)
    return pd.concat(parts, ignore_index=True) if parts else empty


def _heading(what: str, end: str, task: str) -> str:
    if task != "pairwise":
        return f"{what}: {'most' if end == MOST else 'least'} often right"
    first, _, second = what.partition(" v ")
    return f"{first if end == MOST else second} most preferred to {second if end == MOST else first}"


def _stimulus(study: Study, book: Book, number: int, row: dict[str, object]) -> Stimulus | None:
    trial = find_trial(study, str(row["task"]), str(row["what"]), int(str(row["image"])))
    if trial is None:
        return None
    truth = study.truth[trial.name]
    shots = []
    for picture in trial.pictures:
        source = data_uri(study, picture.name)
        if source is None:
            return None
        model = {"left": truth.left, "right": truth.right, "original": "original"}.get(picture.role, truth.condition)
        shots.append(Shot(source, f"{model}, image {truth.image}, {truth.image_class}", model or picture.role))
    counts = {name: book.cell(TABLE, number, name) for name in ("image", "first", "second", "neither")}
    names = {"name": truth.image_class, "a": truth.left, "b": truth.right}
    form = (
        "Image {image}, {name}: {first} for {a}, {second} for {b}, {neither} for neither."
        if row["task"] == "pairwise"
        else "Image {image}, {name}: {first} right, {second} wrong, {neither} abstained."
    )
    caption = Markup(form).format(**names, **counts)
    return Stimulus(tuple(shots), caption)


def find_trial(study: Study, task: str, what: str, image: int) -> Trial | None:
    """Return a main trial about an image and a pair or condition; of a pair the one with the first on the left."""
    for name, trial in study.trials.items():
        truth = study.truth[name]
        shown = f"{truth.left} v {truth.right}" if task == "pairwise" else truth.condition
        if trial.kind == "main" and (trial.task, truth.image, shown) == (task, image, what) and trial.pictures:
            return trial
    return None


def data_uri(study: Study, name: str) -> str | None:
    """Return a public picture as a data URI, its padding dropped and its pixels kept; None where it is not there."""
    from PIL import Image

    try:
        with Image.open(study.public_folder / f"{name}.png") as picture:
            buffer = io.BytesIO()
            picture.save(buffer, "PNG", optimize=True)
    except OSError:
        return None
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

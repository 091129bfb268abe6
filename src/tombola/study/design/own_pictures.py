"""Studies of pictures that were drawn elsewhere: a folder of images and a table that says what they show."""

from pathlib import Path

import numpy as np
import pandas as pd

from tombola.errors import TombolaError, nearest
from tombola.study.design.material import Item, Material, Pixels, Shown
from tombola.study.design.spec import StudySpec
from tombola.study.trial import Kind, Task

TABLE = "pictures.csv"
NEEDED = ("image", "class", "condition", "file")
OPTIONAL = ("original", "predicted", "candidate", "kind", "source", "feedback")
KINDS = ("main", "gold", "practice")


def read_table(folder: Path, task: Task) -> pd.DataFrame:
    """Return the table of a folder of pictures, one row per explanation.

    Parameters
    ----------
    folder
        Holds ``pictures.csv`` and the pictures it names. Columns: ``image`` (whole number from 1), ``class``,
        ``condition``, ``file``; ``original`` (the picture explained; not needed for recognition), ``predicted`` (what
        the model says; the class where left out), ``candidate`` (distinction: the class that this row explains),
        ``kind`` (``main``, ``gold``, ``practice``), ``source``, ``feedback``. Attention checks and practice have the
        condition ``genuine`` and, pairwise, ``shuffled``.
    task
        What will be asked.

    Raises
    ------
    TombolaError
        If the table is missing, has unknown or lacks needed columns, or a cell is empty that must not be.
    """
    file = folder / TABLE
    try:
        # "none", "NA" and the like are names here, not missing values
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TombolaError(f"cannot read {file}: {error}; it lists the pictures, with {', '.join(NEEDED)}") from error
    for name in table.columns:
        if name not in (*NEEDED, *OPTIONAL):
            raise TombolaError(f"unknown column '{name}' in {file}{nearest(name, (*NEEDED, *OPTIONAL))}")
    needed = [*NEEDED]
    needed += [] if task == "recognition" else ["original"]
    needed += ["candidate"] if task == "distinction" else []
    for name in needed:
        if name not in table.columns:
            raise TombolaError(f"{file} has no column '{name}', which task {task} needs")
        empty = table.index[table[name] == ""]
        if len(empty):
            raise TombolaError(f"{file}, line {empty[0] + 2}: '{name}' is empty")
    for name in OPTIONAL:
        if name not in table.columns:
            table[name] = ""
    table["kind"] = table["kind"].where(table["kind"] != "", "main")
    table["predicted"] = table["predicted"].where(table["predicted"] != "", table["class"])
    for line, row in enumerate(table.to_dict("records"), start=2):
        if not row["image"].isdigit() or int(row["image"]) < 1:
            raise TombolaError(f"{file}, line {line}: image = '{row['image']}' is no whole number from 1")
        if row["kind"] not in KINDS:
            raise TombolaError(f"{file}, line {line}: kind = '{row['kind']}'{nearest(row['kind'], KINDS)}")
    return table


def own_material(folder: Path, table: pd.DataFrame, spec: StudySpec) -> Material:
    """Return the material that a folder of pictures makes.

    Parameters
    ----------
    folder
        Where the pictures lie.
    table
        From `read_table`.
    spec
        The study they are for.

    Raises
    ------
    TombolaError
        If a picture cannot be read, or rows of one image contradict each other.
    """
    items: dict[Kind, list[Item]] = {"main": [], "gold": [], "practice": []}
    for image, rows in table.groupby(table["image"].astype(int), sort=True):
        number = int(str(image))
        for name in ("class", "kind", "original", "source"):
            if rows[name].nunique() > 1:
                raise TombolaError(f"image {number} has several values of '{name}' in {folder / TABLE}; give it one")
        first = rows.iloc[0]
        shown = {str(name): _shown(folder, mine, spec, number) for name, mine in rows.groupby("condition", sort=False)}
        pixels = next(iter(shown.values())).pixels
        original = read_pixels(folder / first["original"]) if first["original"] else pixels
        kind: Kind = first["kind"]
        source = first["source"] or first["original"] or first["file"]
        items[kind].append(Item(number, first["class"], original, shown, source, first["feedback"]))
    return Material(tuple(items["main"]), tuple(items["gold"]), tuple(items["practice"]))


def _shown(folder: Path, rows: pd.DataFrame, spec: StudySpec, image: int) -> Shown:
    predicted = rows.iloc[0]["predicted"]
    if spec.task != "distinction":
        if len(rows) > 1:
            raise TombolaError(f"image {image} has condition '{rows.iloc[0]['condition']}' twice in {folder / TABLE}")
        return Shown(read_pixels(folder / rows.iloc[0]["file"]), predicted)
    candidates = {row["candidate"]: read_pixels(folder / row["file"]) for _, row in rows.iterrows()}
    return Shown(candidates.get(predicted, next(iter(candidates.values()))), predicted, candidates)


def read_pixels(file: Path) -> Pixels:
    """Return a picture as uint8 (height, width, 3); whatever else its file holds stays behind.

    Raises
    ------
    TombolaError
        If the file is missing or no picture.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise TombolaError(f"cannot read the picture {file}: {error}") from error

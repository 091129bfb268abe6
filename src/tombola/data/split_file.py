"""A split written down: which file is in which part, so that nothing depends on drawing it again."""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tombola.data.dataset import Dataset
from tombola.data.files import written
from tombola.data.listing import Listing
from tombola.errors import TombolaError

PARTS = ("train", "validation", "test")
HEADER = ("part", "file")

SPLIT_FILE = "split.csv"
"""What a run keeps of a split that its seed does not draw."""


def write_split(names: Mapping[str, tuple[str, ...]], path: Path) -> None:
    """Write a split: a CSV file with a line per image, its part and its file below the set's folder.

    Parameters
    ----------
    names
        Files of ``train``, ``validation`` and ``test``.
    path
        The file to write; one that exists is replaced.
    """
    rows = [(part, file) for part in PARTS for file in names[part]]
    with written(path, "choose another place for the split") as file:
        file.write("".join(f"{_quoted(part)},{_quoted(name)}\n" for part, name in (HEADER, *rows)).encode())


def names_of(data: Dataset) -> dict[str, tuple[str, ...]]:
    """Return the files of every part of a set that comes from files."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: part.names or () for name, part in parts.items()}


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n') else text


def read_split(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the files of every part.

    Raises
    ------
    TombolaError
        If the file cannot be read, is no split, leaves a part empty, or names a file twice.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TombolaError(f"data.split_file = '{path}' cannot be read: {error}; name a file of a split") from error
    if not rows or tuple(rows[0]) != HEADER:
        raise TombolaError(f"data.split_file = '{path}': its first line must be {','.join(HEADER)}")
    names: dict[str, list[str]] = {part: [] for part in PARTS}
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(HEADER) or row[0] not in names:
            raise TombolaError(f"{path}, line {number}: a part ({', '.join(PARTS)}) and a file are needed")
        if row[1] in seen:
            raise TombolaError(f"{path}, line {number}: '{row[1]}' is named twice; every image belongs to one part")
        seen.add(row[1])
        names[row[0]].append(row[1])
    if empty := [part for part in PARTS if not names[part]]:
        raise TombolaError(f"{path} names no {empty[0]} images; every part needs some")
    return {part: tuple(files) for part, files in names.items()}


def split_digest(names: Mapping[str, tuple[str, ...]]) -> str:
    """Return a digest of a split: equal for equal parts, in whatever order and with whatever line ends."""
    text = "\n".join(f"{part}\0{name}" for part in PARTS for name in sorted(names[part]))
    return hashlib.sha256(text.encode()).hexdigest()


def divided(listings: Mapping[str, Listing], folder: Path, path: Path) -> dict[str, Listing]:
    """Return the listings of the parts that a split file names, in order of class and file.

    Parameters
    ----------
    listings
        All files of the set, by whatever parts its folders make.
    folder
        The set's folder, which names are relative to.
    path
        The split file.

    Raises
    ------
    TombolaError
        As `read_split` does, and if a file is not there.
    """
    labels = {
        name: int(label)
        for listing in listings.values()
        for name, label in zip(names_below(listing, folder), listing.labels, strict=True)
    }
    parts = {}
    for part, names in read_split(path).items():
        if missing := [name for name in names if name not in labels]:
            raise TombolaError(
                f"{path} names {len(missing)} {part} images that {folder} lacks, '{missing[0]}' first; "
                "take the split of this copy, or complete the copy"
            )
        ordered = sorted(names, key=lambda name: (labels[name], name))
        parts[part] = Listing(folder, tuple(ordered), np.array([labels[name] for name in ordered], np.int64))
    return parts


def names_below(listing: Listing, folder: Path) -> tuple[str, ...]:
    """Return the files of a listing, relative to the folder of the set."""
    inside = listing.folder.relative_to(folder)
    return tuple((inside / file).as_posix() for file in listing.files)

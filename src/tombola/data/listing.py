"""Class folders: one folder per class, images of any common format in it, at any depth."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from tombola.errors import TombolaError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


@dataclass(frozen=True)
class Listing:
    """The image files of one part, by class and then by name, and their labels."""

    folder: Path
    files: tuple[str, ...]
    labels: Int64[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.files)

    def paths(self) -> list[Path]:
        """Return the files with their folder."""
        return [self.folder / file for file in self.files]

    def digest(self) -> str:
        """Return a digest of every file's name, size and time of change: equal as long as nothing was touched."""
        sha = hashlib.sha256()
        with _listing():
            for file in self.files:
                status = (self.folder / file).stat()
                sha.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
        return sha.hexdigest()

    def subset(self, indices: Int64[np.ndarray, " k"]) -> "Listing":
        """Return some of the files."""
        return Listing(self.folder, tuple(self.files[i] for i in indices), self.labels[indices])


def class_folders(folder: Path) -> tuple[str, ...]:
    """Return the names of the sub-folders, sorted; hidden ones do not count."""
    with _listing(), os.scandir(folder) as entries:
        return tuple(sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")))


def list_images(folder: Path, classes: tuple[str, ...]) -> Listing:
    """Return the images of every class folder; other files and hidden ones are passed over.

    Raises
    ------
    TombolaError
        If a class folder is missing, holds no images, or stands for no known class.
    """
    unknown = set(class_folders(folder)) - set(classes)
    if unknown:
        raise TombolaError(
            f"{folder / min(unknown)} is no class of the training part; move it away or add the class there"
        )
    files: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = sorted(_images_below(folder, name))
        if not found:
            raise TombolaError(f"{folder / name} holds no images ({', '.join(SUFFIXES)}); add some or remove the class")
        files += found
        labels += [label] * len(found)
    return Listing(folder, tuple(files), np.array(labels, np.int64))


@contextmanager
def _listing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TombolaError(
            f"{error.filename} cannot be listed: {error.strerror}; check data.root and its permissions"
        ) from error


def _images_below(folder: Path, name: str) -> list[str]:
    found = []
    for where, _, files in os.walk(folder / name):
        inside = os.path.relpath(where, folder)
        found += [f"{inside}/{file}" for file in files if file.lower().endswith(SUFFIXES) and not file.startswith(".")]
    return found

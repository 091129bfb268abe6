"""Published weights of networks by name: where they are fetched from, checked, and kept."""

import hashlib
import os
from pathlib import Path

from tombola.data.download import fetch
from tombola.data.places import data_roots
from tombola.data.source import Download, OnWork
from tombola.errors import TombolaError, nearest

FOLDER = "weights"
"""Below a data root."""

ADDRESS = "https://download.pytorch.org/models"

FILES = {
    "vgg16-imagenet": ("vgg16-397923af.pth", 553_433_881),
    "resnet18-imagenet": ("resnet18-f37072fd.pth", 46_830_571),
    "resnet50-imagenet": ("resnet50-0676ba61.pth", 102_530_333),
}
"""Network -> published file and its size in bytes. The file's name ends with the beginning of its SHA-256."""


def weights_file(name: str, root: str | None = None) -> Path:
    """Return the file of published weights of a network, where it is at hand.

    Parameters
    ----------
    name
        The network.
    root
        Data root to look in first.

    Raises
    ------
    TombolaError
        If there are none of that network, or they have not been pulled.
    """
    file = _file(name)
    places = [place.path / FOLDER / file for place in data_roots(root)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise TombolaError(
            f"the published weights of '{name}' are not at hand ({file} is in none of "
            f"{', '.join(str(place.parent) for place in places)}); fetch them with: tombola data pull {name}"
        )
    return found


def pull_weights(
    name: str,
    root: str | os.PathLike[str] | None = None,
    progress: OnWork | None = None,
    *,
    address: str | None = None,
) -> Path:
    """Return the file of published weights, fetched from its official address unless it is there already.

    Parameters
    ----------
    name
        The network.
    root
        Data root to put them into (below ``weights``); default: ``TOMBOLA_DATA``, else the user's cache.
    progress
        Called with a `Work` now and then.
    address
        Address of a folder (a mirror) to fetch the same file from.

    Raises
    ------
    TombolaError
        If they cannot be fetched, or are not the published ones.
    """
    file, size = FILES[name] if name in FILES else (_file(name), 0)
    place = (Path(root).expanduser() if root is not None else data_roots(None)[0].path) / FOLDER
    if (place / file).is_file():
        return _checked(place / file)
    place.mkdir(parents=True, exist_ok=True)
    return _checked(fetch(Download(file, size, None, (f"{ADDRESS}/{file}",)), place, progress, address))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises
    ------
    TombolaError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TombolaError(f"cannot read {path}: {error.strerror or error}") from error


def _file(name: str) -> str:
    if name not in FILES:
        raise TombolaError(f"there are no published weights of '{name}'{nearest(name, FILES)}; give a file")
    return FILES[name][0]


def _checked(path: Path) -> Path:
    """Return a file whose bytes are those its name promises; remove any other."""
    begins = path.stem.rpartition("-")[2]
    if not file_digest(path).startswith(begins):
        path.unlink()
        raise TombolaError(
            f"{path.name} was fetched, but its SHA-256 does not begin with {begins}; it was removed: pull again"
        )
    return path

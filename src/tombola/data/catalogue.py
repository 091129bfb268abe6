"""What `tombola data list` shows: every registered set, and whether it is at hand."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tombola.data.places import data_roots, locate
from tombola.data.source import Download, sets
from tombola.data.split import Sizes, planned_sizes
from tombola.errors import TombolaError
from tombola.specs import DataSpec


@dataclass(frozen=True)
class Listed:
    """One line of the list.

    Sizes and shape are those of the copy at hand, else of the official set; None where only your own files can tell.
    ``status`` is ``"embedded"``, ``"found"``, ``"not found"``, ``"damaged"`` or ``"yours"`` (data.root points to it).
    ``pull_bytes`` is None for sets that cannot be pulled.
    """

    name: str
    title: str
    sizes: Sizes | None
    shape: tuple[int, int, int] | None
    classes: int | None
    status: str
    folder: Path | None
    problem: str
    pull_bytes: int | None
    terms: str
    address: str


def list_sets(root: str | os.PathLike[str] | None = None) -> list[Listed]:
    """Return every registered set, by name.

    Parameters
    ----------
    root
        Where to look first, as ``data.root``.
    """
    place = None if root is None else os.fspath(root)
    data_roots(place)
    return [_listed(name, place) for name in sets]


def _listed(name: str, root: str | None) -> Listed:
    source = sets[name]
    shape, classes, problem, folder = source.shape, len(source.classes) or None, "", None
    sizes = _official(name)
    if source.needs_root:
        status = "yours"
    else:
        try:
            folder = locate(name, root)
            status = "found" if source.layouts else "embedded"
        except TombolaError as error:
            status, problem = "not found", str(error)
    if status in ("found", "embedded"):
        try:
            survey = source.survey(folder, DataSpec(name=name))
            shape, classes = survey.shape, len(survey.classes)
            sizes = _default_sizes(name, survey.train, survey.validation, survey.test)
        except TombolaError as error:
            status, problem = "damaged", str(error)
    pull = pull_bytes(next(iter(source.downloads.values()))) if source.downloads else None
    return Listed(
        name, source.title, sizes, shape, classes, status, folder, problem, pull, source.terms, source.address
    )


def pull_bytes(downloads: Iterable[Download]) -> int:
    """Return how much there is to download."""
    return sum(download.size for download in downloads)


def _official(name: str) -> Sizes | None:
    official = sets[name].official
    if official is None:
        return None
    return _default_sizes(name, official.train, official.validation or None, official.test)


def _default_sizes(name: str, train: int, own: int | None, test: int) -> Sizes:
    try:
        return Sizes(*planned_sizes(DataSpec(name=name), train, own, sets[name].default_validation(train)), test)
    except TombolaError:  # too few for the default split: say what is there
        return Sizes(train, own or 0, test)

"""Which conditions a picture showed: told by the names of the published study, or by a study's key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tombola.errors import TombolaError
from tombola.study.answers import read_texts, records

CLASSES: Final = (
    *("fish", "dog", "cassetteplayer", "chainsaw", "church"),
    *("frenchhorn", "garbagetruck", "gaspump", "golfball", "parachute"),
)
"""Classes of the published study, in the order of their numbers."""
CONDITIONS: Final = ("nonpruned", "2pruned", "32pruned")
"""Conditions of the published study: compression rates 1, 2 and 32 over convolution weights."""
CODED: Final = tuple(f"{number}-{name}" for number, name in enumerate(CLASSES))
"""Classes as the published files write them: ``2-cassetteplayer``."""

KEY_COLUMNS: Final = ("public_id", "image", "image_class", "left", "right", "condition", "kind")
"""Columns of a key manifest that matter here."""

_PAIR: Final = re.compile(r"(\d+)_([^_]+)_([^_]+)_([^_]+)\.png")
_SINGLE: Final = re.compile(r"(\d+)_([^_]+)_([^_]+)\.png")
_PUBLIC: Final = re.compile(r"([0-9a-f]{32})(?:\.png)?")


@dataclass(frozen=True)
class Shown:
    """What a picture was.

    Attributes
    ----------
    image
        Number of the image.
    image_class
        Its class, without a number.
    left, right
        The two conditions of a pair; None for a single window.
    condition
        The condition of a single window; None for a pair.
    kind
        What the picture was shown for: ``main``, or ``gold``.
    """

    image: int
    image_class: str
    left: str | None = None
    right: str | None = None
    condition: str | None = None
    kind: str = "main"

    @property
    def task(self) -> str:
        """The task that such pictures were made for in the published study."""
        return "recognition" if self.left is None else "pairwise"


def parse_picture(name: str) -> Shown:
    """Return what a picture of the published study was, by its file name.

    ``<image>_<left>_<k>-<class>_<right>.png`` is a pair, ``<image>_<k>-<class>_<condition>.png`` a single window
    (reference: explainability 9.4). Folders before the name do not matter.

    Raises
    ------
    TombolaError
        If the name is none of these, or a class or condition is unknown.

    Examples
    --------
    >>> parse_picture("167_32pruned_2-cassetteplayer_nonpruned.png").left
    '32pruned'
    """
    last = name.rsplit("/", 1)[-1]
    if found := _PAIR.fullmatch(last):
        image, left, coded, right = found.groups()
        if left == right:
            raise TombolaError(f"picture '{last}' compares condition '{left}' with itself")
        return Shown(int(image), _class(coded, last), _condition(left, last), _condition(right, last))
    if found := _SINGLE.fullmatch(last):
        image, coded, condition = found.groups()
        return Shown(int(image), _class(coded, last), condition=_condition(condition, last))
    raise TombolaError(
        f"picture '{last}' has no name of the published study; blinded names are read with the study's key manifest"
    )


def read_key(path: Path) -> dict[str, Shown]:
    """Return what every picture of a study shows, by its public name, from the study's ``key/manifest.csv``.

    Columns that are used: ``public_id``, ``image``, ``image_class``, ``left`` and ``right`` of a pair, else
    ``condition``, and ``kind``; others are passed over, as are pictures that show no condition.

    Raises
    ------
    TombolaError
        If one of them is missing, or a name comes twice or is not 32 hex digits.
    """
    table = read_texts(path)
    for column in ("public_id", "image", "image_class"):
        if column not in table:
            raise TombolaError(f"{path} is no key manifest: it has no column '{column}'")
    found: dict[str, Shown] = {}
    values: dict[str, Any]
    for row in records(table):
        values = {column: row.get(column) for column in KEY_COLUMNS}
        public = _PUBLIC.fullmatch(values["public_id"] or "")
        if public is None or public.group(1) in found:
            raise TombolaError(f"{path}: '{values['public_id']}' is no public name of 32 hex digits, or comes twice")
        if values["left"] and values["right"]:
            values["condition"] = None
        elif not values["condition"]:
            continue
        places = {name: values[name] for name in ("left", "right", "condition")}
        kind = values["kind"] or "main"
        found[public.group(1)] = Shown(int(values["image"]), values["image_class"], **places, kind=kind)
    return found


def resolve_picture(name: str, key: Mapping[str, Shown] | None = None) -> Shown:
    """Return what a picture was: by the key if its name is a blinded one, else by the published names.

    Raises
    ------
    TombolaError
        If a blinded name comes without a key, or is not in it; else as `parse_picture`.
    """
    public = _PUBLIC.fullmatch(name.rsplit("/", 1)[-1])
    if public is None:
        return parse_picture(name)
    if key is None:
        raise TombolaError(f"picture '{name}' has a blinded name; say what it shows with --key key/manifest.csv")
    if public.group(1) not in key:
        raise TombolaError(f"picture '{name}' is not in the key; it belongs to another study")
    return key[public.group(1)]


def is_public_name(name: str) -> bool:
    """Return whether a picture's name is a blinded one: 32 hex digits, with or without ``.png``."""
    return _PUBLIC.fullmatch(name) is not None


def class_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names in the published order if all are published ones, else sorted."""
    found = set(names)
    return tuple(name for name in CLASSES if name in found) if found <= set(CLASSES) else tuple(sorted(found))


def _class(coded: str, picture: str) -> str:
    if coded not in CODED:
        raise TombolaError(f"picture '{picture}': unknown class '{coded}'; known are {', '.join(CODED)}")
    return coded.split("-", 1)[1]


def _condition(name: str, picture: str) -> str:
    if name not in CONDITIONS:
        raise TombolaError(f"picture '{picture}': unknown condition '{name}'; known are {', '.join(CONDITIONS)}")
    return name

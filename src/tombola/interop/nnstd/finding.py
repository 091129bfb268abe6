"""Finding networks by what is in folders: ``e5_s0_w3/epoch_010/weight_l0.npz``, at any depth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tombola.errors import TombolaError

WEIGHT = re.compile(r"weight_l(\d+)\.npz")
EPOCH = re.compile(r"epoch_(\d+)")
NETWORK = re.compile(r"(.+)_w(\d+)")
DEEPEST = 12
MOST_FOLDERS = 100_000


@dataclass(frozen=True)
class Stored:
    """One network at one epoch.

    Attributes
    ----------
    setting
        What its name says besides the number: ``e5_s0``; its whole name where there is no number.
    number
        Which network of the setting: ``w3``; None where its name does not say.
    epoch
        When it was stored; None where there is one state only, in no folder of its own.
    files
        Layer number -> file.
    folder
        Where they lie.
    """

    setting: str
    number: int | None
    epoch: int | None
    files: dict[int, Path]
    folder: Path

    @property
    def name(self) -> str:
        """The network's own folder."""
        return (self.folder if self.epoch is None else self.folder.parent).name


def find_networks(root: Path) -> list[Stored]:
    """Return every stored network below a folder, in order of setting, number and epoch.

    Raises
    ------
    TombolaError
        If there is none.
    """
    root = root.absolute()
    if not root.is_dir():
        raise TombolaError(f"{root} is no folder; give the one with folders of networks (topo)")
    found = [stored for folder in _folders(root) if (stored := _stored(folder)) is not None]
    if not found:
        raise TombolaError(f"{root} holds no weight_l0.npz at any depth, so there is no network of NNSTD to import")
    return sorted(found, key=lambda each: (each.setting, each.number or 0, each.name, each.epoch or 0))


def _stored(folder: Path) -> Stored | None:
    matches = [(WEIGHT.fullmatch(path.name), path) for path in sorted(folder.iterdir())]
    files = {int(match[1]): path for match, path in matches if match and path.is_file()}
    if not files:
        return None
    when = EPOCH.fullmatch(folder.name)
    network = (folder.parent if when else folder).name
    named = NETWORK.fullmatch(network)
    setting, number = (named[1], int(named[2])) if named else (network, None)
    return Stored(setting, number, int(when[1]) if when else None, files, folder)


def _folders(root: Path) -> Iterator[Path]:
    waiting, seen = [(root, 0)], set[Path]()
    while waiting:
        folder, depth = waiting.pop()
        if folder.resolve() in seen:  # links may lead in circles
            continue
        seen.add(folder.resolve())
        if len(seen) > MOST_FOLDERS:
            raise TombolaError(f"{root} holds more than {MOST_FOLDERS:,} folders; name one further down")
        yield folder
        if depth < DEEPEST:
            waiting += [(inner, depth + 1) for inner in folder.iterdir() if inner.is_dir()]

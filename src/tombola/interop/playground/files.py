"""The files of one experiment of the playground framework: one prefix, two spellings (playground reference, 8)."""

import re
from dataclasses import dataclass
from pathlib import Path

from tombola.errors import TombolaError

SPECS, HISTORIES = "-specs.json", "-histories.npz"
NET, EARLY_STOP, CONTROL = "-net{}.pth", "-early-stop{}.pth", "-random-histories{}.npz"
ENDED = re.compile(r"(\d{4})_(\d\d)_(\d\d)-(\d\d)_(\d\d)_(\d\d)")

SPELLINGS = (
    ("NetNames.LENET", "Lenet"),
    ("NetNames.CONV", "Conv"),
    ("DatasetNames.TOY_MNIST", "Toy-MNIST"),
    ("DatasetNames.TOY_CIFAR", "Toy-CIFAR"),
    ("DatasetNames.MNIST", "MNIST"),
    ("DatasetNames.CIFAR10", "CIFAR-10"),
)
"""How newer versions of Python spell what older ones write into file names, and what they mean."""


@dataclass(frozen=True)
class ExperimentFiles:
    """Where the files of one experiment lie.

    Attributes
    ----------
    folder
        The folder they share.
    names
        The prefix as it was given, then its other spelling.
    """

    folder: Path
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The prefix, as the first versions spell it."""
        return plain(self.names[0])

    @property
    def specs(self) -> Path:
        """The description of the experiment."""
        return self.path(SPECS)

    @property
    def histories(self) -> Path:
        """The measurements of all levels."""
        return self.path(HISTORIES)

    def net(self, replicate: int) -> Path:
        """The last level's network of a replicate."""
        return self.path(NET.format(replicate))

    def early_stop(self, replicate: int) -> Path:
        """The networks at early stop of a replicate, all levels."""
        return self.path(EARLY_STOP.format(replicate))

    def control(self, replicate: int) -> Path:
        """The measurements of a replicate's randomly retrained networks."""
        return self.path(CONTROL.format(replicate))

    def path(self, suffix: str) -> Path:
        """Return the file with a suffix, under whichever spelling it exists."""
        places = [self.folder / f"{name}{suffix}" for name in self.names]
        return next((place for place in places if place.is_file()), places[0])

    def ended(self) -> str:
        """Return when the experiment ended, in its own local time; empty where the prefix does not say."""
        match = ENDED.match(self.name)
        if match is None:
            return ""
        year, month, day, hour, minute, second = match.groups()
        return f"{year}-{month}-{day}T{hour}:{minute}:{second}"


def plain(name: str) -> str:
    """Return a prefix (or a name in it) as the first versions spell it.

    Examples
    --------
    >>> plain("2022_01_01-00_00_00-NetNames.CONV-DatasetNames.CIFAR10")
    '2022_01_01-00_00_00-Conv-CIFAR-10'
    """
    for new, old in SPELLINGS:
        name = name.replace(new, old)
    return name


def spellings(name: str) -> tuple[str, ...]:
    """Return a prefix as given, as old, and as new versions of Python spell it, each once."""
    old = plain(name)
    new = old
    for modern, classic in SPELLINGS:
        new = re.sub(rf"-{re.escape(classic)}(?=-|$)", f"-{modern}", new)
    return tuple(dict.fromkeys((name, old, new)))


def find_files(prefix: str | Path) -> ExperimentFiles:
    """Return the files of an experiment.

    Parameters
    ----------
    prefix
        What all its files begin with, folder included; the path of its ``-specs.json`` does as well.

    Raises
    ------
    TombolaError
        If there is no description under that prefix.
    """
    path = Path(prefix)
    files = ExperimentFiles(path.parent, spellings(path.name.removesuffix(SPECS).rstrip("-")))
    if not files.specs.is_file():
        found = [other.name.removesuffix(SPECS) for other in list_specs(path.parent)] if path.parent.is_dir() else []
        known = f"; experiments there: {', '.join(found[:5])}{', ...' if len(found) > 5 else ''}" if found else ""
        raise TombolaError(f"no experiment begins with {path}: {files.specs.name} is missing in {path.parent}{known}")
    return files


def list_specs(folder: str | Path) -> list[Path]:
    """Return the descriptions of all experiments in a folder, sorted by name, and so by the time they ended.

    Raises
    ------
    TombolaError
        If there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TombolaError(f"{folder} is no folder")
    return sorted(path for path in folder.iterdir() if path.name.endswith(SPECS) and path.is_file())

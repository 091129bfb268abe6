"""A source of images: where a named set lies, what it holds, how it is read. One registry line adds a set."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeVar

from tombola.data.dataset import Part
from tombola.data.split import Sizes
from tombola.registry import Registry
from tombola.specs import DataSpec


@dataclass(frozen=True)
class Images:
    """A whole set as it is read, before the split."""

    classes: tuple[str, ...]
    train: Part
    test: Part
    validation: Part | None = None


@dataclass(frozen=True)
class Survey:
    """What a set holds, found out without reading pixels where possible.

    ``identity`` is a digest that tells contents apart where the set's name does not (your own folder, a partial copy),
    and None where the name says it all.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    train: int
    test: int
    validation: int | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Work:
    """How far a download or a decoding is."""

    what: str
    done: int
    total: int
    unit: Literal["bytes", "images"]


OnWork = Callable[[Work], None]


@dataclass(frozen=True)
class Download:
    """A file at its official addresses, tried in order; an archive where `folder` names the folder it becomes.

    Without a checksum whoever fetches it checks it.
    """

    file: str
    size: int
    checksum: str | None
    addresses: tuple[str, ...]
    folder: str | None = None


class Source(ABC):
    """A named image set. Subclasses set the attributes they need and define `read`; see docs/data.md."""

    title: ClassVar[str] = ""
    """One line about the set."""
    terms: ClassVar[str] = ""
    """Licence or terms of use."""
    address: ClassVar[str] = ""
    """Where it comes from."""
    official: ClassVar[Sizes | None] = None
    """Samples of the complete set: training, own validation (else 0), test."""
    shape: ClassVar[tuple[int, int, int] | None] = None
    """Channels, height, width, where fixed."""
    classes: ClassVar[tuple[str, ...]] = ()
    """Class names, where fixed."""
    normalisation: ClassVar[str] = "unit"
    """The constants that suit it."""
    layouts: ClassVar[tuple[str, ...]] = ()
    """Folders below a data root that may hold it; none: it needs no files."""
    needs_root: ClassVar[bool] = False
    """Whether ``data.root`` itself is the set."""
    resizes: ClassVar[bool] = False
    """Whether ``data.size`` applies."""
    divides: ClassVar[bool] = False
    """Whether ``data.split`` applies: the set consists of files with names."""
    downloads: ClassVar[Mapping[str, tuple[Download, ...]]] = {}
    """Files to pull, by variant; the first variant is the default."""

    @abstractmethod
    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return all images of the set that lies in `folder` (None for sets without files)."""

    def lacking(self, folder: Path) -> list[str]:
        """Return the files a folder lacks to be this set; empty if it is complete."""
        return []

    def names(self, folder: Path | None, spec: DataSpec) -> dict[str, tuple[str, ...]]:
        """Return the files of every part, relative to the set's folder; empty where there are none."""
        return {}

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return what the set holds. This default reads it all."""
        images = self.read(folder, spec)
        channels, height, width = images.train.images.shape[1:]
        own = None if images.validation is None else len(images.validation)
        shape = channels, height, width
        return Survey(
            shape,
            images.classes,
            len(images.train),
            len(images.test),
            own,
            self.identity(len(images.train), own, len(images.test)),
        )

    def prepare(  # noqa: B027 - doing nothing is right for most sets
        self, folder: Path | None, spec: DataSpec, progress: OnWork | None = None
    ) -> None:
        """Do slow work that needs doing once, such as decoding image files into the cache."""

    def default_validation(self, train: int) -> int:
        """Return the number of validation samples among `train`: a tenth, unless the set says otherwise."""
        return max(1, train // 10)

    def identity(self, train: int, validation: int | None, test: int) -> str | None:
        """Return what tells a partial copy from the complete set."""
        found = Sizes(train, validation or 0, test)
        return None if self.official in (None, found) else "partial-{}-{}-{}".format(*found)


sets: Registry[Source] = Registry("data set")
"""Every image set by name."""

S = TypeVar("S", bound=type[Source])


def register(name: str) -> Callable[[S], S]:
    """Return a class decorator that adds a source to `sets` under `name`."""

    def keep(source: S) -> S:
        sets.register(name)(source())
        return source

    return keep

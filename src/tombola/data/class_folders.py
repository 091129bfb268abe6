"""What all sets have in common that lie as class folders per part."""

from abc import abstractmethod
from pathlib import Path
from typing import NamedTuple

import torch

from tombola.data.dataset import Part
from tombola.data.decode import Frame, decoded
from tombola.data.listing import Listing, list_images
from tombola.data.source import Images, OnWork, Source, Survey
from tombola.data.split_file import divided, names_below, read_split, split_digest
from tombola.errors import TombolaError
from tombola.specs import DataSpec


class Listings(NamedTuple):
    """The files of every part."""

    classes: tuple[str, ...]
    train: Listing
    test: Listing
    validation: Listing | None = None

    def parts(self) -> dict[str, Listing]:
        """Return the parts that exist, by name."""
        every = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: listing for name, listing in every.items() if listing is not None}


class ClassFolders(Source):
    """A set of class folders per part."""

    part_folders: tuple[str, ...]
    """Folders of the training, test and, if there is one, own validation part."""
    folder_classes: tuple[str, ...] = ()
    divides = True

    def lacking(self, folder: Path) -> list[str]:
        """Return the class folders that are missing."""
        wanted = [f"{part}/{name}" for part in self.part_folders for name in self.folder_classes]
        return [entry for entry in wanted if not (folder / entry).is_dir()]

    def listings(self, folder: Path, spec: DataSpec) -> Listings:
        """Return the files of every part."""
        train, test, *own = (list_images(folder / part, self.folder_classes) for part in self.part_folders)
        return Listings(self.classes, train, test, own[0] if own else None)

    def published(self, listings: Listings) -> Listings:
        """Return the files of every part as a publication divides them."""
        raise TombolaError("data.split = 'published': this set has no published split; use drawn, or a split_file")

    def parted(self, folder: Path, spec: DataSpec) -> Listings:
        """Return the files of every part as ``data.split`` has them, before anything is drawn."""
        found = self.listings(folder, spec)
        if spec.split == "published":
            return self.published(found)
        if spec.split_file is not None:
            parts = divided(found.parts(), folder, Path(spec.split_file))
            return Listings(found.classes, parts["train"], parts["test"], parts["validation"])
        return found

    def names(self, folder: Path | None, spec: DataSpec) -> dict[str, tuple[str, ...]]:
        """Return the files of every part, relative to the set's folder."""
        assert folder is not None
        return {name: names_below(part, folder) for name, part in self.parted(folder, spec).parts().items()}

    @abstractmethod
    def frame(self, listings: Listings, spec: DataSpec) -> Frame:
        """Return the common shape of the images."""

    def content(self, listings: Listings, spec: DataSpec) -> str | None:
        """Return what tells this content from the set's usual one."""
        sizes = {name: len(listing) for name, listing in listings.parts().items()}
        return self.identity(sizes["train"], sizes.get("validation"), sizes["test"])

    def survey(self, folder: Path | None, spec: DataSpec) -> Survey:
        """Return the sizes by counting files."""
        assert folder is not None
        found = self.parted(folder, spec)
        own = None if found.validation is None else len(found.validation)
        frame = self.frame(found, spec)
        return Survey(
            (frame.channels, frame.height, frame.width),
            found.classes,
            len(found.train),
            len(found.test),
            own,
            self._identity(found, spec),
        )

    def _identity(self, found: Listings, spec: DataSpec) -> str | None:
        content = self.content(found, spec)
        if spec.split_file is None:
            return content
        return f"{content or 'complete'}-split-{split_digest(read_split(Path(spec.split_file)))[:24]}"

    def prepare(self, folder: Path | None, spec: DataSpec, progress: OnWork | None = None) -> None:
        """Decode every part into the cache."""
        assert folder is not None
        found = self.parted(folder, spec)
        frame = self.frame(found, spec)
        for listing in found.parts().values():
            decoded(listing, frame, spec.name, self.resizes, progress, squash=spec.fit == "squash")

    def read(self, folder: Path | None, spec: DataSpec) -> Images:
        """Return every part, mapped from the cache."""
        assert folder is not None
        found = self.parted(folder, spec)
        frame, squash = self.frame(found, spec), spec.fit == "squash"
        parts = {
            name: Part(
                torch.from_numpy(decoded(listing, frame, spec.name, self.resizes, squash=squash)),
                torch.from_numpy(listing.labels),
                names_below(listing, folder),
            )
            for name, listing in found.parts().items()
        }
        return Images(found.classes, parts["train"], parts["test"], parts.get("validation"))

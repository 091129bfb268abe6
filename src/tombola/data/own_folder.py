"""Anybody's own images: one folder per class."""

from pathlib import Path

from tombola.data.class_folders import ClassFolders, Listings
from tombola.data.decode import Frame
from tombola.data.facts import Facts, facts
from tombola.data.listing import class_folders, list_images
from tombola.data.source import register
from tombola.data.split import fixed_test
from tombola.errors import TombolaError
from tombola.specs import DataSpec

TEST_SHARE = 5
"""A folder without a test part gives one image in so many to it."""


@register("folder")
class Folder(ClassFolders):
    """Your own images, one folder per class."""

    title = "your own images: one folder per class, below train/ and test/ or directly below data.root"
    needs_root = True
    resizes = True

    def lacking(self, folder: Path) -> list[str]:
        """Return nothing: what a folder holds is found out by listing it."""
        return []

    def listings(self, folder: Path, spec: DataSpec) -> Listings:
        """Return the files of train/, val/ (or valid/) and test/, or of a flat tree with a fixed test part."""
        if not folder.is_dir():
            raise TombolaError(f"data.root = '{folder}': a folder is needed that holds one folder per class")
        top = class_folders(folder)
        if "train" in top and class_folders(folder / "train"):
            return _by_part(folder, top)
        if not top:
            raise TombolaError(f"{folder} holds no folders; put the images of every class into a folder of its own")
        listing = list_images(folder, top)
        if len(listing) < TEST_SHARE:
            raise TombolaError(
                f"{folder} holds {len(listing)} images; at least {TEST_SHARE} are needed to set some aside for testing"
            )
        rest, test = fixed_test(listing.labels, len(listing) // TEST_SHARE)
        return Listings(top, listing.subset(rest), listing.subset(test))

    def frame(self, listings: Listings, spec: DataSpec) -> Frame:
        """Return the size that ``data.size`` asks for or all images share; one channel if all are grey."""
        known = self._facts(listings, spec)
        if spec.size is None and known.odd:
            raise TombolaError(f"data.size is needed: {known.odd} is of another size than {listings.train.paths()[0]}")
        channels = 1 if known.grey else 3
        return Frame(channels, spec.size or known.height, spec.size or known.width)

    def content(self, listings: Listings, spec: DataSpec) -> str | None:
        """Return the digest of all files."""
        return self._facts(listings, spec).content

    def _facts(self, listings: Listings, spec: DataSpec) -> Facts:
        return facts(spec.name, listings.parts())


def _by_part(folder: Path, top: tuple[str, ...]) -> Listings:
    classes = class_folders(folder / "train")
    own = next((name for name in ("val", "valid", "validation") if name in top), None)
    if "test" not in top and own is None:
        raise TombolaError(
            f"{folder} holds train but neither test nor val; add test/, or put the classes directly below it"
        )
    train = list_images(folder / "train", classes)
    if "test" not in top and own is not None:  # ImageNet's custom: the public val folder is what results are tested on
        return Listings(classes, train, list_images(folder / own, classes))
    validation = None if own is None else list_images(folder / own, classes)
    return Listings(classes, train, list_images(folder / "test", classes), validation)

"""Contamination: which images a backbone that was pretrained on ImageNet has seen in training.

Imagenette's own division has nothing to do with ImageNet's: of its 3,925 val images 134 are ILSVRC validation images,
and 3,791 were in the training set of every ImageNet backbone (reference explainability.md, section 2.4). The names of
the files tell.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Bool

from tombola.data.dataset import Part

HELD_OUT = re.compile(r"ILSVRC2012_(val|test)_\d{8}(\.\w+)?")
"""Names of images that no backbone was trained on."""

TRAINED_ON = re.compile(r"n\d{8}_\d+(\.\w+)?")
"""Names of ImageNet's training images: the wordnet id and a number."""

LARGE_ENOUGH = 30
"""Clean images from which on their accuracy is worth a figure (its standard error is then below 10 points)."""


@dataclass(frozen=True)
class Contamination:
    """Counts of images by what a backbone pretrained on ImageNet has seen.

    Attributes
    ----------
    clean
        ILSVRC validation or test images: not seen.
    seen
        ImageNet training images.
    unknown
        Names that tell nothing.
    """

    clean: int
    seen: int
    unknown: int

    @property
    def total(self) -> int:
        """All images."""
        return self.clean + self.seen + self.unknown

    def __str__(self) -> str:
        unknown = f", {self.unknown:,} of unknown origin" if self.unknown else ""
        return (
            f"{self.seen:,} of {self.total:,} images ({self.seen / self.total:.1%}) were in ImageNet's training set, "
            f"{self.clean:,} are ILSVRC validation images{unknown}"
        )


def contamination(names: Iterable[str]) -> Contamination | None:
    """Return what names of files tell; None where not one of them is ImageNet's.

    Examples
    --------
    >>> str(contamination(["n01440764/ILSVRC2012_val_00009111.JPEG", "n01440764/n01440764_10040.JPEG"]))
    "1 of 2 images (50.0%) were in ImageNet's training set, 1 are ILSVRC validation images"
    """
    files = [PurePosixPath(name).name for name in names]
    clean = sum(HELD_OUT.fullmatch(file) is not None for file in files)
    seen = sum(TRAINED_ON.fullmatch(file) is not None for file in files)
    return Contamination(clean, seen, len(files) - clean - seen) if clean or seen else None


def clean_samples(part: Part) -> Bool[np.ndarray, " n"] | None:
    """Return which samples no ImageNet backbone has seen; None where that is no question (no ImageNet names)."""
    if part.names is None or contamination(part.names) is None:
        return None
    return np.array([HELD_OUT.fullmatch(PurePosixPath(name).name) is not None for name in part.names])

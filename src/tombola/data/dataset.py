"""What training sees of an image set: uint8 images, labels, the recorded split, normalisation constants."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64, UInt8
from torch import Tensor

from tombola.data.normalisation import Normalisation as Normalisation
from tombola.errors import TombolaError


@dataclass(frozen=True)
class Part:
    """Images and their labels: the training, validation or test part of a set.

    Images stay uint8 until they are gathered into a batch. They may be memory-mapped; never write to them.

    Attributes
    ----------
    images, labels
        Pixels, and the number of the class.
    names
        File of every image below the set's folder, where it comes from files.
    boxes
        Box of the object in every image, where it is known: left, top, right, bottom in pixels, the last two exclusive.
    objects
        Which pixels belong to the object, where that is known.
    """

    images: UInt8[Tensor, "n c h w"]
    labels: Int64[Tensor, " n"]
    names: tuple[str, ...] | None = None
    boxes: Int64[Tensor, "n 4"] | None = None
    objects: Bool[Tensor, "n h w"] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Int64[np.ndarray, " k"]) -> "Part":
        """Return the samples at `indices`; all of them in order come without a copy."""
        if np.array_equal(indices, np.arange(len(self))):
            return self
        chosen = torch.from_numpy(indices)
        return Part(
            self.images[chosen],
            self.labels[chosen],
            None if self.names is None else tuple(self.names[index] for index in indices),
            None if self.boxes is None else self.boxes[chosen],
            None if self.objects is None else self.objects[chosen],
        )


@dataclass(frozen=True)
class Split:
    """Which samples train and which validate, as ascending indices into the set's own parts.

    ``validation`` indexes the set's training part, or its own validation part where it has one
    (``own_validation``). The split is a function of the seed and of these sizes alone.
    """

    seed: int
    train: Int64[np.ndarray, " train"]
    validation: Int64[np.ndarray, " validation"]
    own_validation: bool

    @cached_property
    def digest(self) -> str:
        """SHA-256 of both index lists, the same on every machine."""
        sha = hashlib.sha256(b"own" if self.own_validation else b"drawn")
        for indices in (self.train, self.validation):
            sha.update(len(indices).to_bytes(8, "little") + indices.astype("<i8").tobytes())
        return sha.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """An image set, split and ready to train on."""

    name: str
    classes: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    normalisation: Normalisation
    augment: tuple[str, ...]
    split: Split

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every pixel and label of the three parts; read once, when first asked for."""
        sha = hashlib.sha256("\n".join(self.classes).encode())
        for part in (self.train, self.validation, self.test):
            sha.update(repr(tuple(part.images.shape)).encode())
            sha.update(part.labels.numpy().astype("<i8").tobytes())
            _feed(sha, part.images)
        return sha.hexdigest()


def label_counts(part: Part, classes: int) -> Int[np.ndarray, " class"]:
    """Return the number of samples of every class."""
    return np.bincount(part.labels.numpy(), minlength=classes)


def _feed(sha: "hashlib._Hash", images: UInt8[Tensor, "n c h w"], block: int = 4096) -> None:
    for start in range(0, len(images), block):
        sha.update(images[start : start + block].contiguous().numpy().tobytes())


def object_boxes(part: Part) -> Int64[Tensor, "n 4"]:
    """Return the box of the object in every image: left, top, right, bottom in pixels, the last two exclusive.

    Raises
    ------
    TombolaError
        If the set does not know them.
    """
    return _known(part.boxes, "boxes")


def object_masks(part: Part) -> Bool[Tensor, "n h w"]:
    """Return which pixels of every image belong to its object.

    Raises
    ------
    TombolaError
        If the set does not know them.
    """
    return _known(part.objects, "masks")


def _known(what: Tensor | None, name: str) -> Tensor:
    if what is None:
        raise TombolaError(f"these images come without {name} of their objects; the set 'shapes' has them")
    return what

"""Storages of a torch file: every size is checked against the bytes that are there before anything is built."""

import math
import re
from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Shaped
from torch import Tensor

from tombola.interop.restricted_builders import Builder, MalformedError, Storage

KEY = re.compile(r"[0-9]{1,20}")
DIMENSIONS = 64
LARGEST = 1 << 48


class Storages(ABC):
    """The storages of one file, by key.

    Parameters
    ----------
    limit
        Bytes that all tensors built from them may take together.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._limit = limit
        self._known: dict[str, FileStorage] = {}
        self._kept: dict[str, Tensor] = {}

    def resolve(self, reference: Any) -> "FileStorage":
        """Return the storage that a persistent id names; where it was (a GPU) does not matter.

        The id is ``("storage", type, key, location, count)``, in the stream form with a trailing None.
        """
        if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
            raise MalformedError("refers to something that is no storage; do not trust it")
        kind, key, _, count = reference[1:5]
        if len(reference) == 6 and reference[5] is not None:
            raise MalformedError("holds a view of a storage, which only files of very old versions do")
        if not isinstance(kind, Builder) or kind.dtype is None:
            raise MalformedError("is damaged: a storage of no type")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise MalformedError("names a storage that is no number; do not trust it")
        found = FileStorage(self, key, kind.dtype, _whole(count, f"the size of storage {key}"))
        first = self._known.setdefault(key, found)
        if (first.dtype, first.count) != (found.dtype, found.count):
            raise MalformedError(f"is damaged: storage {key} is described in two ways")
        return first

    def spend(self, size: int) -> None:
        """Count bytes of a tensor that is to be built."""
        self._left -= size
        if self._left < 0:
            raise MalformedError(f"holds tensors of more than {self._limit:,} bytes; raise the limit if you trust it")

    def content(self, storage: "FileStorage", *, keep: bool) -> Shaped[Tensor, " count"] | None:
        """Return the numbers of a storage; None where only the form is checked yet.

        Parameters
        ----------
        storage
            Which one.
        keep
            Remember them, since more than this one tensor may be made of them. Otherwise they are the caller's own.
        """
        if storage.key in self._kept:
            return self._kept[storage.key] if keep else self._kept[storage.key].clone()
        numbers = self.read(storage)
        if keep and numbers is not None:
            self._kept[storage.key] = numbers
        return numbers

    @abstractmethod
    def read(self, storage: "FileStorage") -> Shaped[Tensor, " count"] | None:
        """Read the numbers of a storage afresh."""


class FileStorage(Storage):
    """One storage.

    Attributes
    ----------
    key, dtype, count
        Its name in the file, the type of its numbers, and how many there are.
    """

    def __init__(self, owner: Storages, key: str, dtype: torch.dtype, count: int) -> None:
        self._owner = owner
        self.key = key
        self.dtype = dtype
        self.count = count

    @property
    def bytes(self) -> int:
        """Its length in the file."""
        return self.count * self.dtype.itemsize

    def tensor(self, offset: Any, size: Any, stride: Any) -> Tensor:
        """Return a contiguous tensor of some of the numbers, memory of its own."""
        shape, steps = _whole_tuple(size, "shape"), _whole_tuple(stride, "stride")
        start = _whole(offset, "the offset of a tensor")
        if len(shape) != len(steps):
            raise MalformedError("is damaged: shape and stride of a tensor differ in length")
        numel = math.prod(shape)
        last = start + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
        # more numbers than the storage has: an expanded view, a few bytes that would fill the memory
        if numel > self.count or (numel and last >= self.count):
            raise MalformedError(
                f"is damaged: a tensor of shape {list(shape)} reaches beyond the {self.count} numbers of its storage"
            )
        self._owner.spend(numel * self.dtype.itemsize)
        if numel == 0:
            return torch.empty(shape, dtype=self.dtype)
        contiguous = torch.empty(shape, device="meta").stride()
        whole = numel == self.count and steps == contiguous
        content = self._owner.content(self, keep=not whole)
        if content is None:
            return torch.empty(0, dtype=self.dtype)
        if whole:
            return content.view(shape)
        return content.as_strided(shape, steps, start).clone(memory_format=torch.contiguous_format)


def from_bytes(content: bytes, storage: FileStorage) -> Shaped[Tensor, " count"]:
    """Return the numbers in little-endian bytes, whose length must be what the storage needs."""
    if len(content) != storage.bytes:
        raise wrong_length(storage, len(content))
    if not content:
        return torch.empty(0, dtype=storage.dtype)
    if storage.dtype == torch.bool and content.strip(b"\0\1"):
        raise MalformedError(f"is damaged: storage {storage.key} holds truth values that are neither 0 nor 1")
    return torch.frombuffer(bytearray(content), dtype=storage.dtype)


def wrong_length(storage: FileStorage, length: int) -> MalformedError:
    """Return the error of a storage that is longer or shorter than the numbers it should hold."""
    return MalformedError(
        f"is damaged: storage {storage.key} holds {length} bytes where {storage.count} numbers of type "
        f"{str(storage.dtype).removeprefix('torch.')} need {storage.bytes}"
    )


def _whole(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value < LARGEST:
        raise MalformedError(f"is damaged: {what} is impossible")
    return value


def _whole_tuple(value: Any, what: str) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > DIMENSIONS:
        raise MalformedError(f"is damaged: the {what} of a tensor is impossible")
    return tuple(_whole(part, f"the {what} of a tensor") for part in value)

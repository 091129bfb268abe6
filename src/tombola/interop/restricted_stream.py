"""The stream form of torch files (before torch 1.6): pickles one after the other, then raw storages."""

import struct
from pathlib import Path
from typing import Any

from torch import Tensor

from tombola.interop.restricted_builders import Globals, MalformedError, named
from tombola.interop.restricted_opcodes import PICKLE_LIMIT, load
from tombola.interop.restricted_storages import FileStorage, Storages, from_bytes, wrong_length

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""What such files begin with: the pickle of one large integer."""

PROTOCOL = 1001
COUNT = struct.Struct("<q")
NOTHING = named()


def read_stream(path: Path, allowed: Globals, limit: int) -> Any:
    """Return what a torch file in stream form holds.

    Its object comes before the numbers it is made of, so it is read twice: first for the form, which says how long each
    storage is, then with the numbers.

    Raises
    ------
    MalformedError
        For anything that is not as such files are.
    """
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise MalformedError("is no torch file")
    place = len(MAGIC)
    protocol, place = _next(content, place)
    if type(protocol) is not int or protocol != PROTOCOL:
        raise MalformedError("is a stream of a version that is not read here")
    machine, place = _next(content, place)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise MalformedError("holds numbers in big-endian order, which is not read here")
    begin = place
    declared = _Declared(limit)
    _, place = _next(content, place, allowed, declared)
    keys, place = _next(content, place)
    if (
        type(keys) is not list
        or not all(isinstance(key, str) for key in keys)
        or sorted(keys) != sorted(declared.all())
    ):
        raise MalformedError("is damaged: the list of its storages does not fit its tensors")
    storages = _Held(limit, content)
    for key in keys:
        place = storages.locate(place, declared.all()[key])
    value, _ = _next(content, begin, allowed, storages)
    return value


def _next(content: bytes, place: int, allowed: Globals = NOTHING, storages: Storages | None = None) -> tuple[Any, int]:
    value, length = load(content[place : place + PICKLE_LIMIT + 1], allowed, storages.resolve if storages else None)
    return value, place + length


class _Declared(Storages):
    """Storages of which only the description is known."""

    def all(self) -> dict[str, FileStorage]:
        """Return every storage that was named."""
        return self._known

    def read(self, storage: FileStorage) -> None:
        """Return None: numbers come later."""


class _Held(Storages):
    """Storages cut out of the stream."""

    def __init__(self, limit: int, stream: bytes) -> None:
        super().__init__(limit)
        self._stream = stream
        self._places: dict[str, int] = {}

    def locate(self, place: int, storage: FileStorage) -> int:
        """Find one storage and return the place behind it."""
        head = self._stream[place : place + COUNT.size]
        if len(head) != COUNT.size or COUNT.unpack(head)[0] != storage.count:
            raise MalformedError(f"is damaged or cut off: storage {storage.key} is not as long as its tensors say")
        place += COUNT.size
        self._places[storage.key] = place
        if place + storage.bytes > len(self._stream):
            raise wrong_length(storage, len(self._stream) - place)
        return place + storage.bytes

    def read(self, storage: FileStorage) -> Tensor:
        """Cut the numbers out."""
        place = self._places[storage.key]
        return from_bytes(self._stream[place : place + storage.bytes], storage)

"""The zip form of torch files (torch 1.6 and later): one folder with ``data.pkl`` and raw storages, uncompressed."""

import re
import struct
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from jaxtyping import Shaped
from torch import Tensor

from tombola.interop.restricted_builders import Globals, MalformedError, short
from tombola.interop.restricted_opcodes import PICKLE_LIMIT, load
from tombola.interop.restricted_storages import FileStorage, Storages, from_bytes, wrong_length

PICKLE, BYTE_ORDER = "data.pkl", "byteorder"
MEMBERS = 100_000
DRIVE = re.compile(r"[A-Za-z]:")
ENCRYPTED = 1
ZIP_FAULTS = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError),
    *(ValueError, KeyError, IndexError, OverflowError, SyntaxError, MemoryError, struct.error),
)
"""What reading a damaged archive may raise besides errors of the disk."""


def read_zip(path: Path, allowed: Globals, limit: int) -> Any:
    """Return what a torch file in zip form holds.

    Raises
    ------
    MalformedError
        For anything that is not as such files are.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            root = checked_root(archive, path.stat().st_size)
            if f"{root}/{BYTE_ORDER}" in archive.namelist() and archive.read(f"{root}/{BYTE_ORDER}") != b"little":
                raise MalformedError("holds numbers in big-endian order, which is not read here")
            if archive.getinfo(f"{root}/{PICKLE}").file_size > PICKLE_LIMIT:
                raise MalformedError(f"holds a pickle of more than {PICKLE_LIMIT:,} bytes, which no state dict needs")
            members = _Members(archive, root, limit)
            value, _ = load(archive.read(f"{root}/{PICKLE}"), allowed, members.resolve)
            return value
    except MalformedError:
        raise
    except ZIP_FAULTS as error:
        raise MalformedError(f"is damaged or cut off ({short(error)})") from error


def check_members(archive: zipfile.ZipFile, file_size: int) -> None:
    """Refuse an archive with members that no honest writer of arrays makes.

    Parameters
    ----------
    archive
        An opened archive; nothing of it is unpacked here.
    file_size
        Its size on disk. Uncompressed members cannot hold more than that together.
    """
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise MalformedError(f"is a zip of {len(members):,} members, which no such file has")
    names = [member.orig_filename for member in members]
    for name in names:
        parts = name.split("/")
        if "\\" in name or "\0" in name or DRIVE.match(name) or {"", ".", ".."} & set(parts):
            raise MalformedError(f"has a member named {name[:100]!r}, which is a path outside of it; do not trust it")
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise MalformedError(f"has {times} members named {name[:100]!r}; do not trust it")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & ENCRYPTED:
            raise MalformedError(
                f"has a compressed or encrypted member ({member.filename[:100]!r}), which such files never have; "
                "do not trust it"
            )
        if member.file_size != member.compress_size:
            raise MalformedError(f"is damaged: member {member.filename[:100]!r} has two sizes")
    if sum(member.file_size for member in members) > file_size:
        raise MalformedError("is damaged: its members overlap; do not trust it")


def checked_root(archive: zipfile.ZipFile, file_size: int) -> str:
    """Return the name of the archive's one folder, once every member is found harmless."""
    check_members(archive, file_size)
    names = archive.namelist()
    roots = {name.split("/")[0] for name in names}
    if len(roots) != 1 or f"{next(iter(roots))}/{PICKLE}" not in names:
        raise MalformedError("is no torch file: one folder with a data.pkl is missing")
    return roots.pop()


class _Members(Storages):
    """Storages as members of an archive."""

    def __init__(self, archive: zipfile.ZipFile, root: str, limit: int) -> None:
        super().__init__(limit)
        self._archive = archive
        self._root = root

    def read(self, storage: FileStorage) -> Shaped[Tensor, " count"]:
        """Read and check a member."""
        try:
            member = self._archive.getinfo(f"{self._root}/data/{storage.key}")
        except KeyError as error:
            raise MalformedError(f"is damaged: it lacks storage {storage.key}") from error
        if member.file_size != storage.bytes:
            raise wrong_length(storage, member.file_size)
        return from_bytes(self._archive.read(member), storage)

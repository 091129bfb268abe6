"""The public folder: the only files ever served, alike in everything but what they show."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from tombola.study.design.bench import Drawn
from tombola.study.design.manifest import sha256
from tombola.study.design.material import Pixels
from tombola.study.design.naming import Names
from tombola.study.design.png import common_length, encode, filled

MOMENT = 946684800
"""The time stamp of every public file: 1 January 2000, 00:00 UTC."""
SUFFIX = ".png"


def write_public(folder: Path, drawn: list[Drawn], names: Names) -> tuple[dict[str, str], int]:
    """Write every picture under its public name; return (name -> SHA-256, common length in bytes).

    All files have one length, one time stamp and one mode. Files are written in the order of their names, so neither
    their order nor that of their inodes tells anything. Equal pixels get different names and different bytes (the
    filling is drawn from the salt and the name); whoever decodes two pictures can still see that they are equal.
    """
    encoded: dict[bytes, bytes] = {}
    wanted: dict[str, bytes] = {}
    for name, pixels in _pictures(drawn):
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        if key not in encoded:
            encoded[key] = encode(pixels)
        wanted[name] = encoded[key]
    length = common_length([len(content) for content in encoded.values()])
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name in sorted(wanted):
        content = filled(wanted[name], length, names.filler(length, name))
        file = folder / f"{name}{SUFFIX}"
        file.write_bytes(content)
        file.chmod(0o644)
        os.utime(file, (MOMENT, MOMENT))
        digests[name] = sha256(content)
    return digests, length


def _pictures(drawn: list[Drawn]) -> Iterator[tuple[str, Pixels]]:
    for one in drawn:
        yield from one.pixels.items()

"""Pictures as bytes: lossless, without metadata, and all of one length.

`tombola.explain.render.encode_png` can pad as well, with zeros. Here files are filled with bytes that look random and
differ between files: a server or proxy that compresses what it sends would give the true sizes of zeros away, and equal
pictures under two names would be equal files.
"""

import struct
import zlib

import numpy as np
from jaxtyping import UInt8

from tombola.errors import TombolaError

END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
FILLING = b"zzZz"
"""Type of the chunk that fills a file up: private, and decoders skip it."""
CHUNK_BYTES = 12
"""Bytes of a chunk beside its content: length, type, checksum."""


def encode(pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """Return a picture as PNG: pixels and nothing else."""
    from tombola.explain.render import encode_png  # what serves a study needs no torch

    return encode_png(pixels)


def common_length(lengths: list[int], step: int = 1024) -> int:
    """Return the length that all of some files can be filled up to: a multiple of `step`."""
    return -(-(max(lengths, default=0) + CHUNK_BYTES) // step) * step


def filled(content: bytes, length: int, filling: bytes) -> bytes:
    """Return a PNG of exactly `length` bytes that shows the same.

    Parameters
    ----------
    content
        A PNG.
    length
        At least the length of `content` and `CHUNK_BYTES`.
    filling
        At least `length` bytes, of which the first ones are used.

    Raises
    ------
    TombolaError
        If the picture does not fit.
    """
    room = length - len(content) - CHUNK_BYTES
    if room < 0:
        raise TombolaError(
            f"a picture of {len(content)} bytes does not fit {length} bytes with {CHUNK_BYTES} for filling"
        )
    if not content.endswith(END):
        raise TombolaError("only a complete PNG can be filled up")
    body = FILLING + filling[:room]
    return content[: -len(END)] + struct.pack(">I", room) + body + struct.pack(">I", zlib.crc32(body)) + END
